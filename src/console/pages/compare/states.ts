import type { Answer } from '../../frame/asking/answers.js'
import type { Api, Query } from '../../frame/asking/api.js'
import type { RowItem } from './answers.js'
import type { RowState } from './compared-table.js'
import type { CompareScope } from './scope.js'

/** So many rows of a state are compared; a range with more is refused. */
const ROWS_MAX = 20_000

/** Reads several states of the rows of a scope. */
export const readStates = async (
  api: Api,
  { family, granularity, from, to }: CompareScope,
  wanted: readonly Readonly<{ title: string; query: Query }>[],
  signal: AbortSignal,
): Promise<Answer<readonly RowState[]>> => {
  const states: RowState[] = []
  for (const { title, query } of wanted) {
    const scope = { family, granularity, from: from || undefined, to: to || undefined, names: true }
    const answer = await api.list<RowItem>('/rows/as', { ...scope, ...query }, { max: ROWS_MAX, signal })
    if (!answer.ok) return answer
    if (answer.value.next !== null) return tooMany
    states.push({ title, rows: answer.value.items })
  }
  return { ok: true, value: states }
}

const tooMany = {
  ok: false,
  failure: {
    kind: 'problem',
    problem: {
      title: 'too many rows to compare here',
      detail: `The range has more than ${ROWS_MAX} rows: choose a shorter one, or use streamvane rows --diff.`,
    },
  },
} as const
