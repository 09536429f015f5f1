import type { DeadLetter } from './raw-fold.js'

/** Dead letters of single events by reason, and those that are too late, which are told by the stretch. */
export const lettersByReason = (letters: readonly DeadLetter[], tooLate: number): ReadonlyMap<string, number> => {
  const counts = new Map([['too-late', tooLate]])
  for (const { note } of letters)
    if (note !== undefined && note.reason !== 'too-late') counts.set(note.reason, (counts.get(note.reason) ?? 0) + 1)
  return counts
}
