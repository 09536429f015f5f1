/** What lmdb-js prints itself: the error of a commit, which the commit's promise is rejected with as well. */
const isCommitError = (printed: readonly unknown[]): boolean => {
  const [error] = printed
  return (
    printed.length === 1 &&
    error instanceof Error &&
    'code' in error &&
    /[\\/]lmdb[\\/](dist[\\/]index\.cjs|write\.js)/.test(error.stack ?? '')
  )
}

let isQuiet = false

/**
 * lmdb-js prints the error of a failed commit by `console.error`, as text with a stack, between the JSON lines of the
 * log. Whoever appended gets the same error in the answer and reports it, so the print is dropped. Everything else that
 * is printed passes.
 */
export const keepLmdbQuiet = (): void => {
  if (isQuiet) return
  isQuiet = true
  const print = console.error
  console.error = (...printed: unknown[]): void => {
    if (!isCommitError(printed)) print.apply(console, printed)
  }
}
