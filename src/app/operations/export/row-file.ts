/** A file that rows are added to, in the order of its columns. */
export type RowFile = Readonly<{
  add: (rows: readonly Readonly<Record<string, unknown>>[]) => Promise<void>
  finish: () => Promise<void>
}>
