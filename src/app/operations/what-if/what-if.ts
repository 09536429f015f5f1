import type { Logger } from 'pino'
import type { ConfigurationFact } from '../../../domain/fact.js'
import { familyNames } from '../../../domain/family.js'
import { builtInKpis, type Kpi } from '../../../domain/kpi.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { Row } from '../../../domain/row.js'
import { kpiDefinitions, type KpiDefinitions } from '../../../domain/row-effect.js'
import { recover } from '../../../contract/kpi-stream/marks.js'
import { decodeRow, familyOf, readHeader } from '../../../contract/kpi-stream/stored.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { rowEvents } from '../../row-index/row-events.js'
import { isInScope, mayHold, type Scope } from '../../scoped/scope.js'
import type { Scanned } from '../../scoped/scan.js'
import {
  needsSameFacts,
  scopedFold,
  type Beside,
  type ScopedFold,
  type ScopedFoldOptions,
} from '../../scoped/scoped-fold.js'
import { becauseOf, shapeOf, type Because } from './because.js'
import { hintsOf } from './hints.js'
import { suppose, supposedProfile, type Rules, type Supposition } from './hypothesis.js'
import { diffRows, type FamilyTotal, type RatedChange, type RowsByKey } from './row-diff.js'
import { supposedValues, type SupposedValue } from './supposed-values.js'

export type WhatIfOptions = Readonly<{
  tenant: string
  /** Whose rows were published. */
  generation: Generation
  scope: Scope
  supposition: Supposition
  raw: EventLog
  kpi: EventLog
  /** The data folder, where the row index is; absent: the KPI stream is read whole. */
  data: string | undefined
  facts: FactMeans
  now: () => EpochMs
  signal: AbortSignal
  onProgress?: (step: WhatIfStep, position: Position) => void
  logger: Logger
}>

export type WhatIfStep = 'in-force' | 'supposed'

/** A change of a row, and why the row is there on one side only. */
export type SupposedChange = RatedChange & Readonly<{ because: Because | null }>

/**
 * What a supposition changes in a range, and nothing else. Both sides are computed from the log through `through`, the
 * last event in the published rows: the old side by the rules in force, the new one by those supposed. Rows that were
 * published otherwise than the rules in force give them stand apart (`notDueToIt`): a setting became known after they
 * were counted, an event came too late for them, or something was erased.
 */
export type WhatIf = Readonly<{
  tenant: string
  generation: string
  scope: Scope
  through: Position
  supposed: readonly SupposedValue[]
  changes: readonly SupposedChange[]
  totals: readonly FamilyTotal[]
  /** Published (old) and computed by the rules in force (new). */
  notDueToIt: readonly RatedChange[]
  /** Why something that was supposed changes nothing, in sentences. */
  hints: readonly string[]
  definitions: KpiDefinitions
  /** Names of queues, by id, as far as the log says them. */
  queues: ReadonlyMap<string, string>
}>

/** The generation has no rows yet. */
export class NothingPublished extends Error {
  override readonly name = 'NothingPublished'
}

/**
 * Computes a range under other rules, and compares it with what was published. Writes nothing. Throws `ConfigError` if
 * the supposition is no valid profile or names an unknown queue, `NothingPublished`, and the reason of the signal.
 */
export const whatIf = async (options: WhatIfOptions): Promise<WhatIf> => {
  const { tenant, generation, scope, kpi } = options
  const { checkpoint, revision = -1 } = await recover(kpi, tenant, generation.name)
  if (checkpoint === undefined)
    throw new NothingPublished(
      `generation ${generation.name} of tenant ${tenant} has no rows yet: \`streamvane run --until-caught-up\` computes them`,
    )
  const through = checkpoint.position
  const { before, after, inForce, supposed } = await bothSides(options, through)
  const definitions = kpiDefinitions([...builtInKpis, ...ownKpis(inForce), ...ownKpis(supposed)])
  const diff = diffRows(before, after, definitions)
  const [oldShape, newShape] = [shapeOf(inForce), shapeOf(supposed)]
  return {
    ...{ tenant, generation: generation.name, scope, through },
    supposed: supposedValues(inForce, supposed),
    changes: diff.changes.map((change) => ({ ...change, because: becauseOf(change, oldShape, newShape) })),
    totals: diff.totals,
    notDueToIt: diffRows(await publishedRows(options, revision), before, definitions).changes,
    hints: hintsOf(inForce, supposed),
    definitions,
    queues: queueNames(inForce.configuration),
  }
}

type Sides = Readonly<{ before: RowsByKey; after: RowsByKey; inForce: Rules; supposed: Rules }>

/**
 * The rows of the scope under both rules, as a rebuild gives them now: all of the log is history, in which nothing is
 * too late, and its configuration is known from the start. One look at the log serves both, unless the rules supposed
 * count other facts.
 */
const bothSides = async (options: WhatIfOptions, through: Position): Promise<Sides> => {
  const { generation, scope, supposition, now } = options
  const history = { historyThrough: String(through), startedAt: new Date(now()).toISOString() }
  const rulesIn = (found: Scanned): Readonly<{ inForce: Rules; supposed: Rules }> => {
    const inForce = { profile: generation.profile, configuration: settingsIn(found, through) }
    return { inForce, supposed: suppose(inForce, supposition) }
  }
  /** What is supposed stands in the place of all settings in the log. */
  const supposedIn = (found: Scanned): Beside => {
    const { profile, configuration } = rulesIn(found).supposed
    return {
      generation: { ...history, profile },
      reconfigure: (fact) => (isSetting(fact) ? undefined : fact),
      supposed: configuration,
    }
  }
  const isOneLook = needsSameFacts(scope, generation.profile, supposedProfile(generation.profile, supposition))
  const first = await fold(options, through, 'in-force', {
    generation: { ...history, profile: generation.profile },
    beside: isOneLook ? supposedIn : undefined,
  })
  const after = isOneLook
    ? first.besideRows
    : (await fold(options, through, 'supposed', supposedIn(first.scanned))).rows
  return { before: byKey(first.rows), after: byKey(after), ...rulesIn(first.scanned) }
}

const fold = (
  { tenant, scope, raw, facts, signal, onProgress, logger }: WhatIfOptions,
  through: Position,
  step: WhatIfStep,
  computation: Beside & Pick<ScopedFoldOptions, 'beside'>,
): Promise<ScopedFold> =>
  scopedFold({
    ...{ tenant, scope, raw, through, facts, signal, logger, ...computation },
    onProgress: (_, position) => onProgress?.(step, position),
  })

const isSetting = ({ type }: ConfigurationFact): boolean =>
  type === 'QueueConfigured' || type === 'OrgSettingsChanged' || type === 'ProfilePublished'

const settingsIn = ({ configuration }: Scanned, through: Position): readonly ConfigurationFact[] =>
  configuration.flatMap(({ fact, position }) => (position <= through && isSetting(fact) ? [fact] : []))

/**
 * The latest rows of the scope that were published up to a revision of the KPI stream: a projector may go on meanwhile. Of
 * a row out of the scope only the header is read.
 */
const publishedRows = async (
  { tenant, generation, scope, kpi, data }: WhatIfOptions,
  last: number,
): Promise<RowsByKey> => {
  const families = new Set(familyNames.filter((family) => mayHold(scope, family)))
  const range = { families, from: scope.from, to: scope.to }
  const latest = new Map<string, RecordedEvent>()
  for await (const events of rowEvents({ kpi, tenant, generation: generation.name, data }, range))
    for (const event of events) {
      const family = familyOf(event)
      if (event.revision > last || family === undefined || !families.has(family)) continue
      const { header } = readHeader(event)
      if (isInScope(scope, header)) latest.set(header.key, event)
    }
  return new Map([...latest].map(([key, event]) => [key, decodeRow(event).row]))
}

const byKey = (rows: readonly Row[]): RowsByKey => new Map(rows.map((row) => [row.key, row]))

const ownKpis = ({ profile, configuration }: Rules): readonly Kpi[] => [
  ...profile.kpis,
  ...configuration.flatMap((fact) => (fact.type === 'ProfilePublished' ? fact.profile.kpis : [])),
]

const queueNames = (configuration: readonly ConfigurationFact[]): ReadonlyMap<string, string> =>
  new Map(
    configuration.flatMap((fact) =>
      fact.type === 'QueueConfigured' && fact.name !== null ? [[fact.queueId, fact.name] as const] : [],
    ),
  )
