const QUOTE = 0x22
const BACKSLASH = 0x5c
const LINE_FEED = 0x0a
const EMPTY = Buffer.alloc(0)

/** Bytes of a document that come in chunks; what was read is dropped. `at` is where to read on. */
export class ChunkedBytes {
  bytes: Buffer = EMPTY
  at = 0
  /** Where the current line ends, if that was looked for; `Infinity` where it does not end in these bytes. */
  private lineEnd: number | undefined
  /** Line feeds before `countedTo`. */
  private lineFeeds = 0
  private countedTo = 0

  /** Adds a chunk, and drops what is before `start`: all places move by as much. */
  add(chunk: Uint8Array, start: number): void {
    this.countLines(start)
    const kept = this.bytes.subarray(start)
    this.at -= start
    this.countedTo = 0
    this.bytes = kept.length === 0 ? Buffer.from(chunk) : Buffer.concat([kept, chunk])
    this.lineEnd = undefined
  }

  /** The line of the document on which a place is, from 1. Places must not go back. */
  lineOf(place: number): number {
    this.countLines(place)
    return this.lineFeeds + 1
  }

  /** Where the line ends that `at` is on; `Infinity` if not in these bytes. */
  nextLine(): number {
    if (this.lineEnd === undefined || this.lineEnd < this.at) {
      const found = this.bytes.indexOf(LINE_FEED, this.at)
      this.lineEnd = found < 0 ? Infinity : found
    }
    return this.lineEnd
  }

  /**
   * Place behind the JSON string that begins at `at`; the end of the line also ends it, because a JSON string holds no
   * line feed. `undefined` if the bytes end first.
   */
  endOfString(): number | undefined {
    const line = this.nextLine()
    for (let quote = this.bytes.indexOf(QUOTE, this.at + 1); quote >= 0; quote = this.bytes.indexOf(QUOTE, quote + 1)) {
      if (line < quote) return line
      let backslashes = 0
      while (this.bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++
      if (backslashes % 2 === 0) return quote + 1
    }
    return line < Infinity ? line : undefined
  }

  private countLines(to: number): void {
    if (to <= this.countedTo) return
    const counted = this.bytes.subarray(this.countedTo, to)
    for (let i = counted.indexOf(LINE_FEED); i >= 0; i = counted.indexOf(LINE_FEED, i + 1)) this.lineFeeds++
    this.countedTo = to
  }
}
