const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const LINE_FEED = 0x0a
const EMPTY = Buffer.alloc(0)

/** The member of an answer of the analytics API that holds its conversations. */
const CONVERSATIONS = 'conversations'

/** A piece is longer than is allowed. Nothing after it was looked at. */
export class PieceTooLarge extends Error {
  override readonly name = 'PieceTooLarge'
}

/**
 * Where the cutter is:
 *
 * - *between*: among the elements of arrays, or of the document itself; what begins here is a piece
 * - *object*: inside an object that is a piece, unless it turns out to be an answer (a member `conversations` that is
 *   an array): then it is left for that array
 * - *stray*: inside a piece that is no object, up to the next comma, bracket or line
 * - *rest*: inside what an answer holds behind its conversations, of which nothing is kept
 */
type State = 'between' | 'object' | 'stray' | 'rest'

/**
 * Cuts what the analytics API returns into conversations, each with the bytes it came in: answers `{"conversations":
 * […]}` of the details query or of a details job, arrays of conversations or of answers, single conversations, and any
 * of these one after the other or one a line. Only brackets and strings are looked at; whether a piece is a
 * conversation is judged by whoever parses it. Nothing is dropped but what answers say beside their conversations.
 * Memory holds one piece at a time.
 *
 * A file that began with a whole piece on one line is read line by line: there a piece that does not end on its line is
 * cut at it, so that one broken line does not take the following ones with it.
 */
export class ConversationCutter {
  private readonly pieceBytesMax: number
  private state: State = 'between'
  /** Arrays and answers that are open: `a` and `o`. */
  private open = ''
  /** Brackets that are open within the piece (or the rest of an answer). */
  private depth = 0
  private bytes: Buffer = EMPTY
  /** Where to go on reading in `bytes`, and where the piece at hand begins. */
  private at = 0
  private from = 0
  /** In an object at depth 1: a string that comes now is a key; the last key was `conversations`. */
  private keyNext = false
  private atConversations = false
  /** Line by line, undecided, or as one document. */
  private byLine: boolean | undefined
  private pieces: Buffer[] = []
  /** Where the next line ends, if that was looked for; `Infinity` where none does in these bytes. */
  private line: number | undefined

  constructor(pieceBytesMax: number) {
    this.pieceBytesMax = pieceBytesMax
  }

  /** The pieces that are complete with these bytes. Throws `PieceTooLarge`. */
  push(chunk: Uint8Array): readonly Buffer[] {
    const kept = this.isWithinPiece ? this.bytes.subarray(this.from) : this.bytes.subarray(this.at)
    this.at -= this.bytes.length - kept.length
    this.from = 0
    this.bytes = kept.length === 0 ? Buffer.from(chunk) : Buffer.concat([kept, chunk])
    this.line = undefined
    this.read()
    if (this.bytes.length - (this.isWithinPiece ? this.from : this.at) > this.pieceBytesMax)
      throw new PieceTooLarge(
        `a conversation is longer than ${this.pieceBytesMax} bytes; is this an answer of the analytics API?`,
      )
    return this.taken()
  }

  /** What is left at the end; `isComplete` says whether every bracket was closed. */
  end(): Readonly<{ pieces: readonly Buffer[]; isComplete: boolean }> {
    const isComplete = this.state !== 'object' && this.state !== 'rest' && this.open === ''
    if (this.isWithinPiece) this.cut(this.bytes.length)
    return { pieces: this.taken(), isComplete }
  }

  private get isWithinPiece(): boolean {
    return this.state === 'object' || this.state === 'stray'
  }

  private taken(): readonly Buffer[] {
    const { pieces } = this
    this.pieces = []
    return pieces
  }

  private read(): void {
    while (this.at < this.bytes.length) {
      const byte = this.bytes[this.at] as number
      const goesOn =
        this.state === 'between' ? this.between(byte) : this.state === 'stray' ? this.stray(byte) : this.within(byte)
      if (!goesOn) return
    }
  }

  private between(byte: number): boolean {
    switch (byte) {
      case OPEN_ARRAY:
        this.open += 'a'
        break
      case CLOSE_ARRAY:
        if (!this.open.endsWith('a')) return this.begin('stray')
        this.open = this.open.slice(0, -1)
        if (this.open.endsWith('o')) {
          this.state = 'rest'
          this.depth = 1
        }
        break
      case OPEN_OBJECT:
        this.depth = 0
        return this.begin('object')
      case COMMA:
      case LINE_FEED:
        break
      default:
        if (byte > 0x20) return this.begin('stray')
    }
    this.at++
    return true
  }

  private begin(state: 'object' | 'stray'): true {
    this.state = state
    this.from = this.at
    // Whatever begins it belongs to it, but for a string, which may hold what would end it.
    if (state === 'stray' && this.bytes[this.at] !== QUOTE) this.at++
    this.keyNext = false
    this.atConversations = false
    return true
  }

  private stray(byte: number): boolean {
    if (byte === QUOTE) {
      // Commas in a string end nothing; a string that does not end on its line is no string.
      const end = this.endOfString()
      if (end === undefined) return false
      this.at = end
      return true
    }
    if (byte === COMMA || byte === LINE_FEED || byte === OPEN_OBJECT || byte === OPEN_ARRAY || byte === CLOSE_ARRAY)
      this.cut(this.at)
    else this.at++
    return true
  }

  private within(byte: number): boolean {
    switch (byte) {
      case QUOTE: {
        const end = this.endOfString()
        if (end === undefined) return false
        if (this.keyNext) this.atConversations = this.bytes.toString('latin1', this.at + 1, end - 1) === CONVERSATIONS
        this.keyNext = false
        this.at = end
        return true
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (byte === OPEN_ARRAY && this.depth === 1 && this.atConversations && this.state === 'object')
          return this.enterAnswer()
        this.depth++
        this.keyNext = this.depth === 1
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--this.depth === 0) return this.endPiece()
        break
      case COMMA:
        this.keyNext = this.depth === 1
        this.atConversations = false
        break
      case LINE_FEED:
        if (this.byLine === true && this.open === '' && this.state === 'object') {
          this.cut(this.at)
          return true
        }
        break
    }
    this.at++
    return true
  }

  private enterAnswer(): true {
    this.open += 'oa'
    this.state = 'between'
    this.at++
    return true
  }

  private endPiece(): true {
    this.at++
    if (this.state === 'object') {
      if (this.open === '') this.byLine ??= !this.bytes.subarray(this.from, this.at).includes(LINE_FEED)
      this.cut(this.at)
    } else {
      this.open = this.open.slice(0, -1)
      this.state = 'between'
      if (this.open === '') this.byLine ??= false
    }
    return true
  }

  private cut(to: number): void {
    const piece = trimmedEnd(this.bytes.subarray(this.from, to))
    if (!isMark(piece)) this.pieces.push(piece)
    this.state = 'between'
    this.at = to
  }

  /**
   * Place behind the string that begins here; a line that ends within it ends it too, for it is none. `undefined` where
   * the bytes end first.
   */
  private endOfString(): number | undefined {
    const line = this.nextLine()
    for (let quote = this.bytes.indexOf(QUOTE, this.at + 1); quote >= 0; quote = this.bytes.indexOf(QUOTE, quote + 1)) {
      if (line < quote) return line
      let backslashes = 0
      while (this.bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++
      if (backslashes % 2 === 0) return quote + 1
    }
    return line < Infinity ? line : undefined
  }

  private nextLine(): number {
    if (this.line === undefined || this.line < this.at) {
      const found = this.bytes.indexOf(LINE_FEED, this.at)
      this.line = found < 0 ? Infinity : found
    }
    return this.line
  }
}

/** Some editors begin a file with a byte order mark, which is no part of the JSON. */
const isMark = (bytes: Buffer): boolean =>
  bytes.length === 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

const trimmedEnd = (bytes: Buffer): Buffer => {
  let to = bytes.length
  while (to > 0 && (bytes[to - 1] as number) <= 0x20) to--
  return bytes.subarray(0, to)
}
