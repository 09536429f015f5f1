import { Option } from 'commander'
import type { AsWhat, RowsThen, RowThen } from '../../app/operations/as-of/as-of.js'
import { rowJson } from '../../contract/row-json.js'
import { UsageError } from '../command/exit.js'
import { instantOf } from '../command/option-values.js'

const kinds = ['latest', 'first', 'first-final'] as const
type Kind = (typeof kinds)[number]

export type StateFlags = Readonly<{ as?: Kind; asOf?: string; known?: boolean; diff?: string }>

export const stateOptions: readonly Option[] = [
  new Option('--as <state>', 'as published first, published first as final, or now').choices(kinds).conflicts('asOf'),
  new Option('--as-of <instant>', 'as they stood when the clock of the log reached this instant'),
  new Option('--known', 'with --as-of: as they follow from what had been received by then'),
  new Option('--diff <state>', `what differs in another state: ${kinds.join(', ')} or an instant as for --as-of`),
]

/** The state that the flags ask for; `undefined`: the latest, and nothing was said. Throws `UsageError`. */
export const stateOf = ({ as, asOf, known, diff }: StateFlags): AsWhat | undefined => {
  if (asOf !== undefined) return momentOf('--as-of', asOf, known)
  if (known === true && (diff === undefined || isKind(diff)))
    throw new UsageError('--known says how an instant is meant, and none is given: add --as-of 2026-01-05T08:00:00Z')
  return as !== undefined || diff !== undefined ? { kind: as ?? 'latest' } : undefined
}

/** The state that `--diff` names; `undefined`: it is not given. Throws `UsageError`. */
export const otherStateOf = ({ diff, known }: StateFlags): AsWhat | undefined => {
  if (diff === undefined) return undefined
  return isKind(diff) ? { kind: diff } : momentOf('--diff', diff, known)
}

const isKind = (text: string): text is Kind => (kinds as readonly string[]).includes(text)

const momentOf = (flag: string, text: string, known: boolean | undefined): AsWhat => ({
  kind: 'as-of',
  at: instantOf(flag, text) as number,
  by: known === true ? 'known' : 'event-time',
})

/** A state in words, for a line beside the rows; `undefined` where there is nothing to say. */
export const stateText = ({ rows, position, isReached }: RowsThen, what: AsWhat): string | undefined => {
  if (what.kind !== 'as-of') return undefined
  const folded = rows.filter(({ from }) => from === 'fold').length
  const moment = `${what.by === 'known' ? 'known' : 'as of'} ${new Date(what.at).toISOString()}`
  if (position === null) return `${moment}: the log held nothing yet`
  return [
    `${moment}: the raw log through position ${position}`,
    ...(isReached ? [] : ['the clock of the log has not reached the instant']),
    ...(rows.length - folded === 0 ? [] : [`${rows.length - folded} rows as the KPI log holds them`]),
    ...(folded === 0 ? [] : [`${folded} rows folded through there, because that revision was not published`]),
  ].join('; ')
}

/** A row as JSON with where it is from. The revision of a folded row says nothing, and is left out. */
export const thenJson = ({ row, from }: RowThen): Readonly<Record<string, unknown>> => {
  const { revision, ...rest } = rowJson(row)
  return from === 'fold' ? { ...rest, from } : { ...rest, revision, from }
}
