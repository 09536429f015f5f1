import { readFileSync } from 'node:fs'

/** A value that another system keeps. What was read of it last is used until it is read again. */
export type HeldValue = Readonly<{
  /** The value that was read last. Throws `SecretUnreadable` where none was read yet. */
  read: () => string
  /** Reads it anew. A failure is in `state`, and leaves the value as it is. */
  renew: () => Promise<void>
  /** The same after a refusal, for which a value that was read a moment ago is not read again. */
  refused: () => Promise<void>
  state: () => HeldState
}>

/**
 * *Unread* → (read) → *current* ⇄ *stale*: it could not be read again since `failingSince`, and the last value is used.
 * Instants are in ms since 1970. `version` is what the other system calls this value, and `madeAt` is since when there is
 * that version, where it tells.
 */
export type HeldState =
  | Readonly<{ kind: 'unread'; why: string }>
  | Readonly<{ kind: 'current'; version: string; madeAt?: number | undefined; readAt: number }>
  | Readonly<{
      kind: 'stale'
      version: string
      madeAt?: number | undefined
      readAt: number
      failingSince: number
      why: string
    }>

/**
 * A secret and the place it is read from. It is read again at every use, so that a file that was replaced takes effect
 * without a restart; of a vault the last value is used, which is read anew from time to time. Printed or logged in any
 * form it is `***`.
 */
export class Secret {
  /** Where the value stands, for messages: a file, a variable, a reference to a vault, or the configuration. */
  readonly from: string
  /** Where another system keeps the value. */
  readonly held: HeldValue | undefined
  readonly #read: () => string

  private constructor(from: string, read: () => string, held?: HeldValue) {
    this.from = from
    this.#read = read
    this.held = held
  }

  /** A value that stays as it is for the life of the process: from the environment or from a flag. */
  static literal(value: string, from = 'the configuration'): Secret {
    return new Secret(from, () => value)
  }

  /** The text of a file, without its final line feed. */
  static file(path: string): Secret {
    return new Secret(path, () => readFileSync(path, 'utf8').replace(/\r?\n$/, ''))
  }

  static held(held: HeldValue, from: string): Secret {
    return new Secret(from, held.read, held)
  }

  /** The value now. Throws `SecretUnreadable`. */
  read(): string {
    try {
      return this.#read()
    } catch (cause) {
      if (cause instanceof SecretUnreadable) throw cause
      throw new SecretUnreadable(`cannot read the secret in ${this.from} (${codeOf(cause)})`)
    }
  }

  /** The value after the one from `read` was not accepted: it may have been replaced where it is kept. */
  async readAgain(): Promise<string> {
    await this.held?.refused()
    return this.read()
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Secret(${this.from})`
  }
}

/** A secret cannot be read now: its file is not there, or its vault did not give it. The message names the place. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable'
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? String(cause)
