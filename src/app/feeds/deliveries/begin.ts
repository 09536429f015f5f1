import type { Dimension } from '../../../domain/dimensions.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import { thisProcess } from '../../../log/embedded/lock/process-identity.js'
import { feedFile, fileName, iso, namedIn, nameKey, type FeedFile, type Heading } from '../layout/file.js'
import { contentDigest, layoutDigest } from '../layout/schema.js'
import type { DeliveryBegan, DeliveryKind, FeedEvent } from '../log/events.js'
import { lastNumber, type FeedState } from '../log/state.js'
import { layoutOf, type FeedPlan, type Layout } from '../records/plan.js'
import type { FeedInterval } from '../records/record.js'
import { FeedRefused, intervalsIn, type FeedRows } from './build.js'

/** Finds the name of an object now; `undefined` if nothing says it. */
export type NameOf = (dimension: Dimension, id: string) => Promise<string | undefined>

export type ToDeliver = Readonly<{
  kind: DeliveryKind
  reasons: readonly string[]
  ranges: readonly Interval[]
  /** The intervals of these ranges, as the rows were at `through`. */
  intervals: readonly FeedInterval[]
  generation: string
  through: number
  by?: string
}>

/** A delivery that is to begin: what is appended to the log before anything is sent, and the file. */
export type Beginning = Readonly<{ events: readonly FeedEvent[]; began: DeliveryBegan; file: FeedFile }>

/**
 * Prepares the next delivery of a feed. Throws `FeedRefused` where its version of the layout was used with other columns:
 * its receiver would take one thing for another.
 */
export const beginDelivery = async (
  plan: FeedPlan,
  state: FeedState,
  what: ToDeliver,
  nameOf: NameOf,
  now: EpochMs,
): Promise<Beginning> => {
  const layout = pushedLayout(plan)
  const { name: feed } = plan.settings
  const { version } = layout.settings
  const number = lastNumber(state) + 1
  const names = await newNames(plan, layout, what.intervals, state, nameOf)
  const at = new Date(now).toISOString()
  const ranges = what.ranges.map(({ start, end }) => ({ from: iso(start), to: iso(end) }))
  const heading = { ...{ delivery: number, kind: what.kind, reasons: what.reasons }, ranges }
  const file = feedFile(plan, layout, what.intervals, heading, new Map([...state.names, ...Object.entries(names)]))
  const { records, rows, digest, sha256, incomplete, bytes } = file
  const began: DeliveryBegan = {
    ...{ type: 'DeliveryBegan', feed, number, kind: what.kind, reasons: what.reasons, ranges, version },
    ...{ generation: what.generation, through: what.through, incomplete, rows, digest, records },
    ...{ file: fileName(plan.settings.push!.fileName, plan, layout, heading), bytes: bytes.length, sha256 },
    ...{ content: contentDigest(plan, layout), at, process: thisProcess() },
    ...(what.by === undefined ? {} : { by: what.by }),
  }
  const events: FeedEvent[] = [...layoutPublished(plan, layout, state, at)]
  if (Object.keys(names).length > 0) events.push({ type: 'NamesSeen', feed, number, names })
  return { events: [...events, began], began, file }
}

/** The layout that is delivered. */
export const pushedLayout = (plan: FeedPlan): Layout => {
  const { name, push } = plan.settings
  const layout = push === undefined ? undefined : layoutOf(plan, push.version)
  if (layout === undefined)
    throw new FeedRefused(`feed ${name} is delivered nowhere: say where in feeds.list (push), or let it be fetched`)
  return layout
}

const layoutPublished = (plan: FeedPlan, layout: Layout, state: FeedState, at: string): readonly FeedEvent[] => {
  const { name: feed } = plan.settings
  const { version } = layout.settings
  const digest = layoutDigest(plan, layout)
  const known = state.layouts.get(version)
  if (known === digest) return []
  if (known === undefined) return [{ type: 'LayoutPublished', feed, version, digest, at }]
  throw new FeedRefused(
    `feed ${feed}: layout version ${version} was delivered with other columns, formats or intervals than it has now. Leave it as it was, and give the new layout a version of its own`,
  )
}

/** Names that the file writes and that the log of deliveries does not tell yet, or tells otherwise. */
const newNames = async (
  plan: FeedPlan,
  layout: Layout,
  intervals: readonly FeedInterval[],
  state: FeedState,
  nameOf: NameOf,
): Promise<Readonly<Record<string, string>>> => {
  const names: Record<string, string> = {}
  for (const [dimension, id] of namedIn(plan, layout, intervals)) {
    const key = nameKey(dimension, id)
    const name = await nameOf(dimension, id)
    if (name !== undefined && name !== state.names.get(key)) names[key] = name
  }
  return names
}

/**
 * Makes the file of a delivery again, from the rows as they were and the names that the log of deliveries tells.
 * `undefined` where that gives other bytes: the feed was configured otherwise meanwhile, or the log of rows was changed.
 */
export const rebuildFile = async (
  plan: FeedPlan,
  began: DeliveryBegan,
  rows: FeedRows,
  names: ReadonlyMap<string, string>,
): Promise<FeedFile | undefined> => {
  const layout = layoutOf(plan, began.version)
  if (layout === undefined) return undefined
  const intervals = await intervalsIn(plan, rows, began.ranges.map(intervalOf), began.through)
  const file = feedFile(plan, layout, intervals, headingOf(began), names)
  return file.sha256 === began.sha256 ? file : undefined
}

export const intervalOf = ({ from, to }: Readonly<{ from: string; to: string }>): Interval => ({
  start: Date.parse(from),
  end: Date.parse(to),
})

const headingOf = ({ number, kind, reasons, ranges }: DeliveryBegan): Heading => ({
  ...{ delivery: number, kind, reasons, ranges },
})

/** What a file is, for its receiver: as JSON. */
export const manifestOf = (began: DeliveryBegan): Buffer => {
  const { feed, number, kind, reasons, version, ranges, incomplete, records, rows, digest, file, bytes, sha256 } = began
  return Buffer.from(
    `${JSON.stringify({
      ...{ feed, delivery: number, kind, reasons, version, ranges, complete: incomplete.length === 0, incomplete },
      ...{ records, rows, digest, file, bytes, sha256 },
    })}\n`,
  )
}
