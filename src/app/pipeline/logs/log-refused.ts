/** The log cannot do what it is asked for. The message says what can. */
export class LogRefused extends Error {
  override readonly name = 'LogRefused'
}
