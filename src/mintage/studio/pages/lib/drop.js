// Takes files, folders and zips that a person drops or chooses, and sends them to the studio as one data set.

import { upload } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { fail } from "./notice.js";
import { t } from "./words.js";

/** All files of a drop, with their paths inside the dropped folder: [{path, file}]. */
export async function gather(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
}

/** The files under one entry of a drop. */
async function walk(entry, above) {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) return [{ path, file: await new Promise((done, no) => entry.file(done, no)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, no) => reader.readEntries(done, no)); // at most 100 at a time
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((one) => walk(one, path)))).flat();
}

/** What a person would call this data: the folder's name, or the file's without its ending. */
export function nameOf(files) {
  const [top, ...rest] = files[0].path.split("/");
  const name = rest.length ? top : top.replace(/\.[^.]+$/, "");
  const words = name.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  return words.replace(/^-+|-+$/g, "").slice(0, 60) || "data";
}

/** Send files as a data set; answers what the server says, {name}. */
export function sendData(files, { name = nameOf(files), onProgress, signal } = {}) {
  const told = new FormData();
  told.append("name", name);
  for (const { path, file } of files) told.append("files", file, path);
  return upload("/data", told, onProgress, { signal });
}

/**
 * A place to drop on, that is also two buttons: choose a folder, choose files.
 * `onfiles(files)` gets [{path, file}]; hidden files and what systems leave behind are not among them.
 */
export function dropZone({ onfiles, title = t("shell.drop.title"), words = t("shell.drop.words"), signal }) {
  const take = async (coming) => {
    try {
      const files = (await coming).filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
      if (files.length) await onfiles(files);
    } catch (error) {
      fail(error);
    }
  };
  const chosen = (event) => {
    const files = [...event.target.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    event.target.value = "";
    take(files);
  };
  const folder = h("input", { type: "file", webkitdirectory: true, multiple: true, hidden: true, onchange: chosen, "data-choose": "folder" });
  const several = h("input", { type: "file", multiple: true, hidden: true, onchange: chosen, "data-choose": "files" });
  const zone = h(
    "div",
    { class: "drop" },
    h("div", { class: "badge" }, icon("upload", 26)),
    h("p", { class: "drop-title" }, title),
    h("p", { class: "quiet" }, words),
    h(
      "div",
      { class: "row middle" },
      h("button", { type: "button", class: "primary", onclick: () => folder.click() }, t("shell.drop.folder")),
      h("button", { type: "button", class: "soft", onclick: () => several.click() }, t("shell.drop.files")),
    ),
    folder,
    several,
  );
  let depth = 0;
  const lit = (by) => {
    depth = Math.max(0, depth + by);
    zone.classList.toggle("over", depth > 0);
  };
  zone.addEventListener("dragenter", (event) => (event.preventDefault(), lit(1)));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("dragleave", () => lit(-1));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    lit(-depth);
    take(gather(event.dataTransfer));
  });
  const stay = (event) => event.preventDefault(); // a drop beside the place does not leave the page
  window.addEventListener("dragover", stay, { signal });
  window.addEventListener("drop", stay, { signal });
  return zone;
}
