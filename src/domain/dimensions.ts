/**
 * The dimensions of rows, in ONE table. The types of points, the fields that decoders read, cell keys, the names in
 * aggregate queries, and the fields of the Avro schemas derive from it. A new dimension of points is a line here, a
 * family in family.ts that has it, and the facts that tell its value.
 */
type DimensionEntry = Readonly<{
  /**
   * What Genesys calls it: the field of a metric record and of a conversation-detail record, and the name by which
   * aggregate queries group. Of a multi-valued dimension, the field is the plural (`divisionIds`).
   */
  wire: string
  /** Where a conversation-detail record says it. */
  level: 'record' | 'participant' | 'session' | 'flow' | 'segment'
  /** A point may carry several values, and counts in each. */
  many?: true
  /** An id, or a word out of a list, which decoders normalise to one spelling. `media` is never absent. */
  kind: 'id' | 'word' | 'media'
  /** It divides the families of points further where the profile asks for it; elsewhere it is null. */
  split?: true
  doc: string
  /** What null means, in a family where the dimension is optional. */
  whenNull?: string
}>

const multiValued =
  'Multi-valued: what has several of them counts whole in the row of each, so rows multiply; never add rows over this dimension.'

const table = {
  queueId: {
    wire: 'queueId',
    level: 'segment',
    kind: 'id',
    doc: 'Genesys id of the queue.',
    whenNull: 'null: outside any queue.',
  },
  userId: { wire: 'userId', level: 'participant', kind: 'id', doc: 'Genesys id of the agent (user).' },
  mediaType: {
    wire: 'mediaType',
    level: 'session',
    kind: 'media',
    doc: 'Media type as in metric records, for example voice, chat, email, callback, message.',
  },
  direction: {
    wire: 'direction',
    level: 'session',
    kind: 'word',
    split: true,
    doc: 'Direction of the conversation: inbound, outbound, or unknown.',
    whenNull: 'null: the profile does not split by it.',
  },
  messageType: {
    wire: 'messageType',
    level: 'session',
    kind: 'word',
    split: true,
    doc: 'Kind of message, for example webmessaging, whatsapp, sms, or unknown.',
    whenNull: 'null: the profile does not split by it.',
  },
  skillId: {
    wire: 'requestedRoutingSkillId',
    level: 'segment',
    many: true,
    kind: 'id',
    doc: `Genesys id of the requested routing skill. ${multiValued}`,
  },
  languageId: {
    wire: 'requestedLanguageId',
    level: 'segment',
    kind: 'id',
    doc: 'Genesys id of the requested language.',
  },
  wrapUpCode: { wire: 'wrapUpCode', level: 'segment', kind: 'id', doc: 'Genesys id of the wrap-up code.' },
  flowId: { wire: 'flowId', level: 'flow', kind: 'id', doc: 'Genesys id of the flow.' },
  campaignId: {
    wire: 'outboundCampaignId',
    level: 'session',
    kind: 'id',
    doc: 'Genesys id of the outbound campaign.',
  },
  divisionId: {
    wire: 'divisionId',
    level: 'record',
    many: true,
    kind: 'id',
    doc: `Genesys id of the division. ${multiValued}`,
  },
} as const satisfies Record<string, DimensionEntry>

/** Dimensions of agent states. No point carries them. */
const stateTable = {
  stateKind: { doc: 'Which state this is: routingStatus, systemPresence or organizationPresence.' },
  state: { doc: 'The state, for example IDLE, INTERACTING, AVAILABLE, BREAK; of organisation presences the id.' },
} as const

type Table = typeof table

/** A dimension that metric points carry. */
export type PointDimension = keyof Table
export type Dimension = PointDimension | keyof typeof stateTable

/** Dimensions of which a point carries several values. */
export type ManyDimension = { [D in PointDimension]: Table[D] extends { many: true } ? D : never }[PointDimension]
export type OneDimension = Exclude<PointDimension, ManyDimension>

/** Dimensions that divide every family of points further where the profile asks for it. */
export type Split = { [D in PointDimension]: Table[D] extends { split: true } ? D : never }[PointDimension]

/** The member of a point that holds a dimension: `queueId`, or `skillIds` where it holds several values. */
export type PointField<D extends PointDimension = PointDimension> = D extends ManyDimension ? `${D}s` : D

/** What a metric point carries besides its value; null or empty where the source does not say. */
export type PointDimensions = Readonly<
  { [D in OneDimension]: Table[D]['kind'] extends 'media' ? string : string | null } & {
    [D in ManyDimension as PointField<D>]: readonly string[]
  }
>

/** One dimension of points, as the table has it, with what follows from that. */
export type PointDimensionInfo = Readonly<
  DimensionEntry & { name: PointDimension; field: PointField; wireField: string }
>

export const pointDimensions: readonly PointDimensionInfo[] = Object.entries<DimensionEntry>(table).map(
  ([name, entry]) => ({
    ...entry,
    name: name as PointDimension,
    field: (entry.many === true ? `${name}s` : name) as PointField,
    wireField: entry.many === true ? `${entry.wire}s` : entry.wire,
  }),
)

export const splits: readonly Split[] = pointDimensions.filter(({ split }) => split).map(({ name }) => name as Split)

const byName: ReadonlyMap<string, PointDimensionInfo> = new Map(pointDimensions.map((info) => [info.name, info]))
const byWire: ReadonlyMap<string, PointDimension> = new Map(pointDimensions.map(({ wire, name }) => [wire, name]))

/** `undefined` for a dimension of states. */
export const pointDimension = (dimension: Dimension): PointDimensionInfo | undefined => byName.get(dimension)

/** The dimension that aggregate queries group by under this name; `undefined` if rows have none. */
export const dimensionOfWire = (wire: string): Dimension | undefined => byWire.get(wire)

export const dimensionDoc = (dimension: Dimension): string => ({ ...table, ...stateTable })[dimension].doc

/** What null means where the dimension is optional. */
export const dimensionNullDoc = (dimension: Dimension): string => byName.get(dimension)?.whenNull ?? 'null: none.'

/** A point carries several values of it, so rows must not be added over it. */
export const isMultiValued = (dimension: Dimension): boolean => byName.get(dimension)?.many === true

const none: readonly string[] = Object.freeze([])

/** The dimensions of a point that carries none. */
export const noDimensions: PointDimensions = Object.freeze(
  Object.fromEntries(
    pointDimensions.map(({ field, many, kind }) => [field, many === true ? none : kind === 'media' ? 'unknown' : null]),
  ) as unknown as PointDimensions,
)

/** The dimensions of a point, without its other members. */
export const dimensionsOf = (point: PointDimensions): PointDimensions => {
  const dimensions: Record<string, unknown> = {}
  for (const { field } of pointDimensions) dimensions[field] = point[field]
  return dimensions as PointDimensions
}
