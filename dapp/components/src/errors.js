// What can go wrong in the browser, in words for the person in front of it.

/** Raised on purpose; `code` is for programs, the message for people. */
export class BrowserError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "BrowserError";
    this.code = code;
  }
}

/** Anything thrown, as {code, message} that may be shown and sent to the server. */
export function explain(error) {
  if (error instanceof BrowserError) return { code: error.code, message: error.message };
  if (error?.code === 4001) return { code: "declined", message: "You declined in the wallet." };
  if (error?.code === 4100) {
    return { code: "unauthorised", message: "The wallet does not allow this account here. Connect it again." };
  }
  if (error?.code === -32002) {
    return { code: "busy", message: "The wallet still has an open question. Answer it there, then try again." };
  }
  // Foreign messages may quote what was signed or opened, so they are not passed on.
  return { code: "failed", message: "The browser or the wallet could not do this. Try again." };
}
