// Asks the server under /api and turns what goes wrong into an ApiError that can be shown.

import { answered, locked, lost } from "./connection.js";
import { t } from "./words.js";

/** What the server said when it said no; status 0 when it said nothing. */
export class ApiError extends Error {
  /** `kind` is the name of the error on the other side, where there is one. */
  constructor(status, detail, kind = "") {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.kind = kind;
  }
}

/** The address of a path of the API, for pictures and downloads too; `query` is an object. */
export function url(path, query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined));
  return `/api${path}${asked.size ? `${path.includes("?") ? "&" : "?"}${asked}` : ""}`;
}

/** The answer to GET, as JSON (or as Blob or text by its type). */
export function get(path, options = {}) {
  return ask("GET", path, undefined, options);
}

/** Send JSON (or a FormData) and return the answer. */
export function post(path, body, options = {}) {
  return ask("POST", path, body, options);
}

/** Replace what is there. */
export function put(path, body, options = {}) {
  return ask("PUT", path, body, options);
}

/** Remove what is there. */
export function remove(path, options = {}) {
  return ask("DELETE", path, undefined, options);
}

/** Send a FormData and hear how far it is: onProgress(share of bytes that went, 0 to 1). */
export function upload(path, formData, onProgress = () => {}, { signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url(path));
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      answered();
      let said = {};
      try {
        said = JSON.parse(request.responseText || "{}");
      } catch {
        said = { detail: request.responseText };
      }
      if (request.status < 300) resolve(said);
      else reject(problem(request.status, said));
    };
    request.onerror = () => {
      lost();
      reject(new ApiError(0, t("shell.error.gone")));
    };
    request.onabort = () => reject(new DOMException("the upload was stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(formData);
  });
}

/** One question to the server. */
async function ask(method, path, body, { signal, query, headers = {} } = {}) {
  const sent = { method, signal, headers: { ...headers } };
  if (body instanceof FormData || body instanceof Blob) sent.body = body;
  else if (body !== undefined) {
    sent.body = JSON.stringify(body);
    sent.headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(url(path, query), sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    lost();
    throw new ApiError(0, t("shell.error.gone"));
  }
  answered();
  if (answer.status === 204) return null;
  const type = answer.headers.get("content-type") ?? "";
  if (answer.ok) return type.includes("json") ? answer.json() : type.startsWith("text/") ? answer.text() : answer.blob();
  throw problem(answer.status, type.includes("json") ? await answer.json() : { detail: await answer.text() });
}

/** The error for an answer that is none. */
function problem(status, said) {
  if (status === 401) {
    locked();
    return new ApiError(401, t("shell.error.locked"));
  }
  const detail = Array.isArray(said.detail) // FastAPI lists what does not fit
    ? said.detail.map((one) => `${(one.loc ?? []).slice(1).join(".")}: ${one.msg}`).join("; ")
    : said.detail;
  return new ApiError(status, detail || t("shell.error.status", { status: String(status) }), said.kind ?? "");
}
