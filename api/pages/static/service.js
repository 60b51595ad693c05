// Calls of the service's own routes, with the token that shows they come from one of its pages.

const token = document.querySelector('meta[name="form-token"]')?.content ?? "";

export class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Return what a route answers; throw a `Refusal` with its reason. Status 0: the service was not reached. */
export async function call(method, path, body, headers = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const options = { method, headers: { "X-Form-Token": token, ...json, ...headers } };
  if (body !== undefined) options.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, "unreachable", "The service cannot be reached.");
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw refusal(answer.status, said);
  return said;
}

export function refusal(status, said) {
  if (status === 401) return new Refusal(401, "signed_out", "Your session has ended. Sign in again in another tab, then go on here.");
  return new Refusal(status, said?.code ?? "refused", said?.detail ?? `The service answered with status ${status}.`);
}

/** Send a form with a file; `told` is given the share that is sent. */
export function upload(path, form, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-Form-Token", token);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && told(event.loaded / event.total));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve(request.response) : reject(refusal(request.status, request.response)),
    );
    request.addEventListener("error", () => reject(new Refusal(0, "unreachable", "The connection was lost; send it again.")));
    request.send(form);
  });
}

/** Make an element; every text is set as text, and never read as markup. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
