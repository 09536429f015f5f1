import type { ConfigurationFact, ConversationRecorded, Fact, MetricEmitted, MetricPoint } from '../../domain/fact.js'
import type { PointDimensions } from '../../domain/dimensions.js'
import type { EpochMs } from '../../domain/interval.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/**
 * Facts that are no points in columns, each as its type and its members in the order of `shapes`. Instants are stored
 * as the distance from the first instant of the segment.
 */
type Form = 'text' | 'text?' | 'texts' | 'number' | 'instant' | 'instant?' | 'flag'

/** The forms that hold every value of a member. */
type FormOf<V> = [V] extends [boolean]
  ? 'flag'
  : [V] extends [string]
    ? 'text'
    : [V] extends [number]
      ? 'number' | 'instant'
      : [V] extends [readonly string[]]
        ? 'texts'
        : [V] extends [string | null]
          ? 'text?'
          : [V] extends [number | null]
            ? 'instant?'
            : never

type Shape<F> = Readonly<{ [K in Exclude<keyof F, 'type'>]-?: FormOf<F[K]> }>

/** Few of these come, or their members nest: they are stored as JSON. */
type AsJson = ConfigurationFact | MetricEmitted

type Shaped = Exclude<Fact, AsJson | ConversationRecorded>

const session = {
  at: 'instant',
  conversationId: 'text',
  sessionId: 'text',
  mediaType: 'text',
  direction: 'text?',
  messageType: 'text?',
  divisionId: 'text?',
} as const

const shapes: { readonly [T in Shaped['type']]: Shape<Extract<Shaped, { type: T }>> } = {
  AcdStarted: { ...session, queueId: 'text', skillIds: 'texts' },
  AcdEnded: {
    ...session,
    queueId: 'text',
    outcome: 'text',
    answeredUserId: 'text?',
    connectedMs: 'number',
    skillIds: 'texts',
    languageId: 'text?',
  },
  CustomerStarted: session,
  CustomerEnded: { ...session, disconnectType: 'text', connectedMs: 'number' },
  UserSessionStarted: { ...session, userId: 'text', queueId: 'text?' },
  UserSessionEnded: {
    ...session,
    userId: 'text',
    queueId: 'text?',
    disconnectType: 'text',
    talkMs: 'number',
    heldMs: 'number',
    alertMs: 'number',
    contactingMs: 'number',
    dialingMs: 'number',
    callbackMs: 'number',
  },
  AfterCallWorkCompleted: { ...session, userId: 'text', queueId: 'text?', wrapUpCode: 'text?', acwMs: 'number' },
  WrapUpApplied: { ...session, queueId: 'text?', wrapUpCode: 'text?', acwMs: 'number' },
  OutboundInitiated: { ...session, campaignId: 'text' },
  VoicemailStarted: { ...session, userId: 'text?', queueId: 'text?' },
  VoicemailEnded: { ...session, userId: 'text?', queueId: 'text?', voicemailMs: 'number' },
  ConversationAnnotated: { at: 'instant', conversationId: 'text', what: 'text' },
  FlowStarted: { ...session, flowId: 'text', flowType: 'text' },
  FlowEnded: { ...session, flowId: 'text', flowType: 'text', exitReason: 'text', connectedMs: 'number' },
  FlowOutcomeReached: {
    ...session,
    flowId: 'text',
    flowType: 'text',
    outcome: 'text',
    startedAt: 'instant?',
    endedAt: 'instant?',
    milestones: 'number',
  },
  AgentSegmentEntered: {
    userId: 'text',
    conversationId: 'text',
    sessionId: 'text',
    state: 'text',
    at: 'instant',
    queueId: 'text?',
    mediaType: 'text',
  },
  AgentStateEntered: { userId: 'text', kind: 'text', state: 'text', at: 'instant' },
  ConversationLoadReported: { userId: 'text', active: 'number', acw: 'number' },
  QueueMembershipChanged: { queueId: 'text', userId: 'text', joined: 'flag' },
  ClockTicked: { at: 'instant' },
  ClockTakenBack: { at: 'instant' },
}

const JSON_FORM = 0
const RECORD_FORM = 1
const FIRST_SHAPE = 2

type Members = readonly (readonly [name: string, form: Form])[]
const shapeTypes = Object.keys(shapes) as readonly Shaped['type'][]
const members: readonly Members[] = Object.values(shapes).map((shape) => Object.entries(shape) as unknown as Members)
const placeOfType: ReadonlyMap<string, number> = new Map(shapeTypes.map((type, place) => [type, place]))

/** What facts of a segment share when they are written. */
export type FactTables = Readonly<{
  textPlace: (text: string) => number
  tuplePlace: (tuple: PointDimensions) => number
  /** Instants are counted from here. */
  base: EpochMs
}>

export const writeFact = (to: ByteWriter, fact: Fact, tables: FactTables): void => {
  const place = placeOfType.get(fact.type)
  if (place !== undefined) {
    to.whole(FIRST_SHAPE + place)
    const values = fact as unknown as Readonly<Record<string, unknown>>
    for (const [name, form] of members[place] as Members) writeMember(to, form, values[name], tables)
  } else if (fact.type === 'ConversationRecorded') {
    to.whole(RECORD_FORM)
    to.whole(tables.textPlace(fact.conversationId))
    to.whole(fact.points.length)
    for (const point of fact.points) {
      to.whole(tables.textPlace(point.metric))
      to.number(point.value)
      to.number(point.at - tables.base)
      to.whole(tables.tuplePlace(point))
    }
  } else {
    to.whole(JSON_FORM)
    to.text(JSON.stringify(fact))
  }
}

const writeMember = (to: ByteWriter, form: Form, value: unknown, { textPlace, base }: FactTables): void => {
  switch (form) {
    case 'text':
      return to.whole(textPlace(value as string))
    case 'text?':
      return to.whole(value === null ? 0 : textPlace(value as string) + 1)
    case 'texts':
      to.whole((value as readonly string[]).length)
      for (const each of value as readonly string[]) to.whole(textPlace(each))
      return
    case 'number':
      return to.number(value as number)
    case 'instant':
      return to.number((value as number) - base)
    case 'instant?':
      to.byte(value === null ? 0 : 1)
      if (value !== null) to.number((value as number) - base)
      return
    case 'flag':
      return to.byte(value === true ? 1 : 0)
  }
}

/** What facts of a segment share when they are read. */
export type ReadTables = Readonly<{
  text: (place: number) => string
  tuple: (place: number) => PointDimensions
  base: EpochMs
}>

export const readFact = (from: ByteReader, tables: ReadTables): Fact => {
  const form = from.whole()
  if (form === JSON_FORM) return JSON.parse(from.text()) as Fact
  if (form === RECORD_FORM) return readRecord(from, tables)
  const fact: Record<string, unknown> = { type: shapeTypes[form - FIRST_SHAPE] }
  for (const [name, each] of members[form - FIRST_SHAPE] as Members) fact[name] = readMember(from, each, tables)
  return fact as unknown as Fact
}

const readRecord = (from: ByteReader, { text, tuple, base }: ReadTables): ConversationRecorded => {
  const conversationId = text(from.whole())
  const points = Array.from({ length: from.whole() }, (): MetricPoint => {
    const [metric, value, at] = [text(from.whole()), from.number(), base + from.number()]
    return { metric, value, at, ...tuple(from.whole()) }
  })
  return { type: 'ConversationRecorded', conversationId, points }
}

const readMember = (from: ByteReader, form: Form, { text, base }: ReadTables): unknown => {
  switch (form) {
    case 'text':
      return text(from.whole())
    case 'text?': {
      const place = from.whole()
      return place === 0 ? null : text(place - 1)
    }
    case 'texts':
      return Array.from({ length: from.whole() }, () => text(from.whole()))
    case 'number':
      return from.number()
    case 'instant':
      return base + from.number()
    case 'instant?':
      return from.byte() === 0 ? null : base + from.number()
    case 'flag':
      return from.byte() === 1
  }
}
