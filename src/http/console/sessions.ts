import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '../admin/access/roles.js'

/** A code of an address is good this long. */
const CODE_MAX_MS = 60_000
const CODES_MAX = 10

export type SessionLimits = Readonly<{ idleMaxMs: number; sessionMaxMs: number; sessionsMax: number }>

/** Somebody who has signed in. `endsAt`: epoch ms. `ended` aborts when the session ends, for whatever reason. */
export type Session = Readonly<{ principal: Principal; endsAt: number; ended: AbortSignal }>

type Kept = Session & { usedAt: number; holds: number; readonly end: AbortController }

/**
 * Sessions of browsers, in memory: a restart ends them all. A session *begins* with a token or a one-time code, *ends*
 * when its owner says so, `idleMaxMs` after its last use, `sessionMaxMs` after its beginning, or when the token that it
 * began with expires. An open live stream holds it in use. Beyond `sessionsMax` the one that was unused longest ends.
 *
 * Ids and codes are 256 random bits and are kept as SHA-256, so that neither can be read out of a dump, and looking one
 * up tells nothing by its time.
 */
export class Sessions {
  private readonly limits: SessionLimits
  private readonly now: () => number
  private readonly sessions = new Map<string, Kept>()
  private readonly codes = new Map<string, Readonly<{ principal: Principal; until: number }>>()

  constructor(limits: SessionLimits, now: () => number) {
    this.limits = limits
    this.now = now
  }

  /** A code that is good once, for a minute. */
  newCode(principal: Principal): string {
    const code = randomBytes(32).toString('base64url')
    this.codes.set(digestOf(code), { principal, until: this.now() + CODE_MAX_MS })
    const [oldest] = this.codes.keys()
    if (this.codes.size > CODES_MAX && oldest !== undefined) this.codes.delete(oldest)
    return code
  }

  /** Whose code it is. Afterwards it is good no more. */
  takeCode(code: string): Principal | undefined {
    const digest = digestOf(code)
    const known = this.codes.get(digest)
    this.codes.delete(digest)
    return known === undefined || known.until <= this.now() ? undefined : known.principal
  }

  /** Begins a session; its id is the secret of the cookie. */
  begin(principal: Principal): Readonly<{ id: string; session: Session }> {
    this.endOverdue()
    const unused = [...this.sessions].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [digest] of unused.slice(0, Math.max(0, unused.length - this.limits.sessionsMax + 1))) this.drop(digest)
    const id = randomBytes(32).toString('base64url')
    const end = new AbortController()
    const endsAt = Math.min(this.now() + this.limits.sessionMaxMs, principal.until ?? Infinity)
    const session = { principal, endsAt, end, ended: end.signal, usedAt: this.now(), holds: 0 }
    this.sessions.set(digestOf(id), session)
    return { id, session }
  }

  /** The session of an id, which counts as a use of it; `undefined` where there is none, or it is over. */
  use(id: string): Session | undefined {
    const session = this.living(digestOf(id))
    if (session !== undefined) session.usedAt = this.now()
    return session
  }

  /** Holds a session in use until the returned function is called. */
  hold(id: string): () => void {
    const session = this.living(digestOf(id))
    if (session === undefined) return () => undefined
    session.holds += 1
    return () => {
      session.holds -= 1
      session.usedAt = this.now()
    }
  }

  end(id: string): void {
    this.drop(digestOf(id))
  }

  endAll(): void {
    for (const digest of [...this.sessions.keys()]) this.drop(digest)
    this.codes.clear()
  }

  /** Ends the sessions that are over: who holds a stream open asks for nothing that would find it out. */
  endOverdue(): void {
    for (const digest of [...this.sessions.keys()]) this.living(digest)
  }

  private living(digest: string): Kept | undefined {
    const session = this.sessions.get(digest)
    if (session === undefined) return undefined
    const isIdle = session.holds === 0 && this.now() - session.usedAt >= this.limits.idleMaxMs
    if (!isIdle && this.now() < session.endsAt) return session
    this.drop(digest)
    return undefined
  }

  private drop(digest: string): void {
    const session = this.sessions.get(digest)
    this.sessions.delete(digest)
    session?.end.abort()
  }
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
