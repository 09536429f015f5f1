/** lmdb-js says only that a commit failed. The reason comes in a promise of its own, which must be handled. */
export const commitErrorOf = async (cause: unknown): Promise<unknown> => {
  const why = (cause as { commitError?: Promise<never> } | undefined)?.commitError
  return why === undefined ? cause : why.catch((reason: unknown) => reason)
}
