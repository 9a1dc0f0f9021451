// Where the person is: the page, what comes after it, and how to go elsewhere.

export const PAGES = ["data", "train", "create", "gallery", "judge", "laboratory"];

/** The page of an address such as "#/train/0003-x?from=data": {name, parts, query}. */
export function here(hash = location.hash) {
  const [path, asked = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(plain);
  return { name: parts.shift() ?? "home", parts, query: Object.fromEntries(new URLSearchParams(asked)) };
}

/** The address of a page: `to("train", "0003-x", {from: "data"})`. */
export function to(name, ...rest) {
  const query = rest.length && typeof rest.at(-1) === "object" && rest.at(-1) !== null ? rest.pop() : {};
  const path = [name, ...rest].filter((part) => part !== null && part !== undefined && part !== "home");
  const asked = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${asked ? `?${asked}` : ""}`;
}

/** Go to an address that `to` made. */
export function go(address) {
  location.hash = address.replace(/^#/, "");
}

/** A part of an address as it was before it was written into one. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
