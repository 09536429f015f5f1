import { createHash } from 'node:crypto'
import { ProblemError } from './problem.js'

/** Answers that are remembered, and for how long. */
const KEYS_MAX = 1_000
const KEPT_MS = 24 * 60 * 60 * 1_000

export type Answered = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: unknown }>

type Kept = Readonly<{ request: string; since: number; answer: Promise<Answered> }>

/**
 * Answers of calls that bear an `Idempotency-Key`: the same call with the same key again gets the same answer, and is
 * not done again. A call that failed is forgotten, so that it can be tried again. Kept in memory: after a restart, a
 * call is safe to repeat because the use cases themselves store the same thing once.
 */
export class IdempotentAnswers {
  private readonly kept = new Map<string, Kept>()
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  /** `owner` and `key` name the call, `request` is all that it says. Throws `ProblemError` where they differ. */
  async once(owner: string, key: string, request: unknown, work: () => Promise<Answered>): Promise<Answered> {
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new ProblemError('bad-request', 'Idempotency-Key: up to 255 printable characters without blanks')
    this.forgetOld()
    const name = `${owner} ${key}`
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex')
    const known = this.kept.get(name)
    if (known !== undefined) {
      if (known.request === digest) return known.answer
      throw new ProblemError('idempotency-key-used', 'this Idempotency-Key was used for another call; take a new one')
    }
    const answer = work()
    this.kept.set(name, { request: digest, since: this.now(), answer })
    answer.catch(() => this.kept.delete(name))
    return answer
  }

  private forgetOld(): void {
    for (const [name, { since }] of this.kept)
      if (this.kept.size >= KEYS_MAX || this.now() - since > KEPT_MS) this.kept.delete(name)
      else break
  }
}
