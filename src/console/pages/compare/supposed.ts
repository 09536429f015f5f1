/** The fields of the what-if form, as a person filled them in; empty: as it is. Times are in seconds. */
export type Supposed = Readonly<{
  threshold: string
  shortAbandon: string
  includeAbandons: string
  includeFlowOuts: string
  other: string
}>

export const nothingSupposed: Supposed = {
  ...{ threshold: '', shortAbandon: '', includeAbandons: '', includeFlowOuts: '', other: '' },
}

/** The form as `path=value` settings of the API. */
export const setOf = ({ threshold, shortAbandon, includeAbandons, includeFlowOuts, other }: Supposed): string[] => [
  ...(threshold === '' ? [] : [`serviceLevel.durationMs=${msOf(threshold)}`]),
  ...(shortAbandon === '' ? [] : [`shortAbandonMs=${msOf(shortAbandon)}`]),
  ...(includeAbandons === '' ? [] : [`serviceLevel.includeAbandons=${includeAbandons}`]),
  ...(includeFlowOuts === '' ? [] : [`serviceLevel.includeFlowOuts=${includeFlowOuts}`]),
  ...other
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
]

const msOf = (seconds: string): number => Math.round(Number(seconds) * 1_000)
