/** An event of the stream. */
export interface StreamEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** Reads `text/event-stream`, in pieces as they come. */
export class EventParser {
  #rest = "";
  #event = "message";
  #data: string[] = [];
  #id: string | undefined;
  /** The id of the last event, also of one without data. */
  lastId: string | undefined;

  push(piece: string): StreamEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id") this.#id = value;
    return [];
  }

  #dispatch(): StreamEvent[] {
    const event = { id: this.#id, event: this.#event, data: this.#data.join("\n") };
    this.lastId = this.#id;
    const isEmpty = this.#data.length === 0;
    this.#event = "message";
    this.#data = [];
    return isEmpty ? [] : [event];
  }
}
