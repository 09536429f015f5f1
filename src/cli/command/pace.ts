type Mark = Readonly<{ at: number; value: number }>

/** The rate is that of the last so many seconds, so that it follows what goes on. */
const WINDOW_MS = 15_000
const STEP_MS = 500

/** How fast a value grows, by the marks of the last seconds. Instants are in ms of any clock that does not go back. */
export class Pace {
  readonly #marks: Mark[]
  #last: Mark

  constructor(at: number, value = 0) {
    this.#last = { at, value }
    this.#marks = [this.#last]
  }

  mark(at: number, value: number): void {
    this.#last = { at, value }
    if (at - this.#marks.at(-1)!.at >= STEP_MS) this.#marks.push(this.#last)
    while (this.#marks.length > 2 && at - this.#marks[1]!.at >= WINDOW_MS) this.#marks.shift()
  }

  /** Per second; `undefined` before there is anything to tell by. */
  get perSecond(): number | undefined {
    const first = this.#marks[0]!
    const [ms, grown] = [this.#last.at - first.at, this.#last.value - first.value]
    return ms < STEP_MS || grown <= 0 ? undefined : (1_000 * grown) / ms
  }

  /** Milliseconds until the value is `total`, at this rate. */
  leftMs(total: number): number | undefined {
    const rate = this.perSecond
    return rate === undefined ? undefined : (1_000 * Math.max(0, total - this.#last.value)) / rate
  }
}
