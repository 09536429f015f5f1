import type { DimensionNames } from '../../names.js'
import type { RowJson } from '../../../contract/row-json.js'
import type { KpiUnit } from '../../../domain/kpi.js'
import type { OptionName } from '../../../domain/formula.js'
import type { RawPlace } from '../../scoped/trace.js'
import type { Change } from '../corrections.js'

/**
 * Explanations as JSON: instants are ISO 8601 in UTC, positions decimal text, times in ms. The fields are documented in
 * docs/explain.md.
 */

/** A raw event: its stream, and its position in the raw log. */
export type EventJson = Readonly<{ stream: string; position: string }>

export const eventJson = ({ stream, position }: RawPlace): EventJson => ({ stream, position: String(position) })

/** A KPI, its formula, and the formula with the values of the row put in. */
export type ExplainedKpi = Readonly<{
  name: string
  unit: KpiUnit
  doc: string
  formula: string
  withValues: string
  numerator: number | null
  /** null: the KPI is a quantity, or has no value because this is 0. */
  denominator: number | null
  /** null: the row has no value for it. `why` says why. */
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
  /** Values counted in it: for derived metrics those of others. */
  from: readonly string[]
}>

/** Something that counts in the row. */
export type Contribution = Readonly<{
  metric: string
  value: number
  /** Of a point its instant; of a time in a state its beginning within the interval. */
  at: string
  /** Of a time in a state its end within the interval. */
  until: string | null
  conversationId: string | null
  userId: string | null
  event: EventJson
  /** It may be taken back by what follows: a handle time without its after-call work. */
  isPending: boolean
  /** An abandon that is short by the settings in force. */
  isShortAbandon: boolean
}>

export type NotCountedReason =
  /** Behind the late horizon, stamped ahead of its receipt, or contradicting the same session. */
  | 'too-late'
  | 'too-early'
  | 'contradictory'
  /** Counted, and taken back since: computed again, after-call work came, a customer-first callback. */
  | 'taken-back'
  /** Erased on request. */
  | 'erased'
  | 'undecodable'
  /** Points of the same conversations that are counted in other rows. */
  | 'other-interval'
  | 'other-queue'
  | 'other-row'
  /** Raw events of the same conversations from which the profile takes no points. */
  | 'other-source'

export type NotCounted = Readonly<{
  reason: NotCountedReason
  /** How many points or events the line stands for. */
  count: number
  metric: string | null
  value: number | null
  at: string | null
  conversationId: string | null
  event: EventJson | null
  detail: string
}>

/** A rule or setting in force for the row: since when, and where in the log it was told. */
export type InForce = Readonly<{
  what: string
  value: string
  /** null: from the beginning. */
  since: string | null
  /** Position in the raw log; null: part of the generation from its start. */
  position: string | null
}>

export type HistoryEntry = Readonly<{
  revision: number
  status: string
  /** `open`, `closed`, or why a closed row was restated. */
  reason: string
  streamRevision: number
  position: string
  /** The raw position through which everything was counted; null in an interrupted batch. */
  foldedThrough: string | null
  changes: readonly Change[]
}>

export type RawEventJson = EventJson &
  Readonly<{ type: string; receivedAt: string | null; /** As it was received. */ data: string }>

/** Why a row says what it says. */
export type RowExplanation = Readonly<{
  tenant: string
  generation: string
  queueName: string | null
  /** What Genesys calls the values of the row's dimensions, as far as the log says. */
  names: DimensionNames
  row: RowJson
  /** Is it the newest revision of the row? */
  isLatest: boolean
  /** What it was made of: everything in the raw log through here. */
  foldedThrough: string | null
  verdict: Readonly<{
    addsUp: boolean
    /** `before`: what was published, `after`: what the contributions add up to. */
    differences: readonly Change[]
    /** What may be behind a difference, or is to be known about the row. */
    notes: readonly string[]
  }>
  kpis: readonly ExplainedKpi[]
  measures: readonly ExplainedMeasure[]
  options: Readonly<Record<OptionName, number>>
  contributions: readonly Contribution[]
  notCounted: readonly NotCounted[]
  inForce: readonly InForce[]
  history: readonly HistoryEntry[]
  /** Only where they were asked for. */
  raw?: readonly RawEventJson[]
}>

/** One explanation for each row that was asked for. */
export type Explanation = Readonly<{ rows: readonly RowExplanation[]; addsUp: boolean }>
