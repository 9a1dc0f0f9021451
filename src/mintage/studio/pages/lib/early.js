// Sets the chosen theme and language on the page before anything is painted, so that nothing flashes.
(() => {
  const kept = (name) => {
    try {
      return localStorage.getItem(`mintage.${name}`);
    } catch {
      return null;
    }
  };
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const language = kept("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en");
  document.documentElement.lang = language === "zh-CN" ? "zh-CN" : "en";
})();
