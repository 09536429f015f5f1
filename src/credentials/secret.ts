import { readFileSync } from 'node:fs'

/**
 * A secret and the place it is read from. It is read again at every use, so that a file that was replaced takes effect
 * without a restart. Printed or logged in any form it is `***`.
 */
export class Secret {
  /** Where the value stands, for messages: a file, a variable, or the configuration. */
  readonly from: string
  readonly #read: () => string

  private constructor(from: string, read: () => string) {
    this.from = from
    this.#read = read
  }

  /** A value that stays as it is for the life of the process: from the environment or from a flag. */
  static literal(value: string, from = 'the configuration'): Secret {
    return new Secret(from, () => value)
  }

  /** The text of a file, without its final line feed. */
  static file(path: string): Secret {
    return new Secret(path, () => readFileSync(path, 'utf8').replace(/\r?\n$/, ''))
  }

  /** The value now. Throws `SecretUnreadable`. */
  read(): string {
    try {
      return this.#read()
    } catch (cause) {
      throw new SecretUnreadable(`cannot read the secret in ${this.from} (${codeOf(cause)})`)
    }
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

/** The file of a secret is not there or may not be read now. The message names the file. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable'
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? String(cause)
