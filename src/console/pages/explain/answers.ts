import type { Unit } from '../figures/answers.js'

/** An explanation as the job of `POST …/explanations` gives it, and `streamvane explain --json`: docs/explain.md. */

export type ExplainedKpi = Readonly<{
  name: string
  unit: Unit
  doc: string
  formula: string
  withValues: string
  numerator: number | null
  denominator: number | null
  value: number | null
  why: string | null
}>

export type ExplainedMeasure = Readonly<{
  metric: string
  doc: string
  count: number
  sum: number
  min: number
  max: number
  from: readonly string[]
}>

type EventPlace = Readonly<{ stream: string; position: string }>

export type Contribution = Readonly<{
  metric: string
  value: number
  at: string
  until: string | null
  conversationId: string | null
  userId: string | null
  event: EventPlace
  isPending: boolean
  isShortAbandon: boolean
}>

export type NotCounted = Readonly<{
  reason: string
  count: number
  metric: string | null
  value: number | null
  at: string | null
  conversationId: string | null
  event: EventPlace | null
  detail: string
}>

export type InForce = Readonly<{ what: string; value: string; since: string | null; position: string | null }>

export type Change = Readonly<{ figure: string; statistic: string; before: number | null; after: number | null }>

export type HistoryEntry = Readonly<{
  revision: number
  status: string
  reason: string
  streamRevision: number
  position: string
  foldedThrough: string | null
  changes: readonly Change[]
}>

export type RawEvent = EventPlace & Readonly<{ type: string; receivedAt: string | null; data: string }>

export type RowExplanation = Readonly<{
  generation: string
  names: Readonly<Partial<Record<string, string>>>
  row: Readonly<{
    family: string
    key: string
    granularity: string
    intervalStart: string
    intervalEnd: string
    status: string
    correction?: string
    revision: number
  }>
  isLatest: boolean
  foldedThrough: string | null
  verdict: Readonly<{ addsUp: boolean; differences: readonly Change[]; notes: readonly string[] }>
  kpis: readonly ExplainedKpi[]
  measures: readonly ExplainedMeasure[]
  contributions: readonly Contribution[]
  notCounted: readonly NotCounted[]
  inForce: readonly InForce[]
  history: readonly HistoryEntry[]
  raw?: readonly RawEvent[]
}>

export type Explanation = Readonly<{ rows: readonly RowExplanation[]; addsUp: boolean }>
