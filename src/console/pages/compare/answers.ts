/** A quantity has no denominator. */
export type Ratio = Readonly<{ numerator: number; denominator?: number }>

/** A row as `GET …/rows/as` answers it; besides, its dimensions by name. */
export type RowItem = Readonly<{
  key: string
  granularity: string
  intervalStart: string
  intervalEnd: string
  status: 'provisional' | 'final' | 'corrected'
  correction?: string
  revision: number
  from: 'kpi-log' | 'fold'
  names?: Readonly<Record<string, string>>
  measures: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  kpis: Readonly<Record<string, Ratio>>
  profileKpis?: Readonly<Record<string, Ratio>>
}> &
  Readonly<Record<string, unknown>>

/** What there is to compare: `GET …/figures/catalogue`. */
export type Catalogue = Readonly<{
  generation: string
  frontier: string | null
  lastDay: Readonly<{ start: string; end: string }> | null
  granularities: readonly string[]
  families: readonly Readonly<{ name: string; isOn: boolean; dimensions: readonly Readonly<{ name: string }>[] }>[]
  figures: readonly Readonly<{ name: string; unit: string }>[]
}>

/** A row that a what-if changes, the result of `POST …/what-if`. */
export type SupposedChange = Readonly<{
  kind: 'changed' | 'added' | 'removed'
  because?: string
  effect: number
  family: string
  key: string
  dimensions: Readonly<Record<string, string>>
  granularity: string
  intervalStart: string
  kpis: readonly Readonly<{ name: string; unit: string; effect: number; old: Ratio | null; new: Ratio | null }>[]
  figures: readonly Readonly<{ name: string; old: number | null; new: number | null }>[]
}>

export type WhatIf = Readonly<{
  generation: string
  from?: string
  to?: string
  supposed: readonly Readonly<{ path: string; old: unknown; new: unknown }>[]
  totals: readonly Readonly<{
    family: string
    granularity: string
    rows: Readonly<{ same: number; changed: number; added: number; removed: number }>
    kpis: readonly Readonly<{ name: string; unit: string; rows: number; old: Ratio | null; new: Ratio | null }>[]
  }>[]
  changes: readonly SupposedChange[]
  notDueToIt: readonly SupposedChange[]
  hints: readonly string[]
  queues: Readonly<Record<string, string>>
}>

type Counts = Readonly<{ compared: number; equal: number; tolerated: number; different: number }>

/** A reconciliation that was kept: `GET …/reconciliations`. */
export type Kept = Readonly<{
  id: string
  at: string
  by: string
  generation: string
  counts: Counts
  source: Readonly<{ file: string }>
  classes: Readonly<Record<string, number>>
  quarantined: number
}>

/** A figure that differed: `GET …/reconciliations/{id}/differences`. */
export type KeptDifference = Readonly<{
  group: Readonly<Record<string, string>>
  metric: string
  intervalStart: string
  class: string
  because: string
  theirs: Readonly<Record<string, number>> | null
  ours: Readonly<Record<string, number>> | null
}>

/** The result of `POST …/comparisons`. Intervals are epoch milliseconds. */
export type Comparison = Readonly<{
  generation: string
  figures: Counts
  differences: readonly Readonly<{
    group: Readonly<Record<string, string>>
    interval: Readonly<{ start: number }>
    metric: string
    class: string
    because: string
    statistics: readonly Readonly<{ statistic: string; theirs: number; ours: number }>[]
  }>[]
  quarantined: readonly unknown[]
  coverage: Readonly<{ notes: readonly string[]; notCompared: readonly Readonly<{ why: string; times: number }>[] }>
}>
