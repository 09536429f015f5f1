/**
 * Names of streams: `<tenant>.<bucket>.conversation-<id>`, `<tenant>.<bucket>.user-<id>`,
 * `<tenant>.config-<kind>-<id>`, `<tenant>.clock`. The bucket is the unit of scale-out: a worker owns buckets, and a
 * prefix filter reads one.
 */
export const BUCKETS = 64

/** FNV-1a over UTF-16 code units, folded to 64. Fixed for ever: stream names in existing logs depend on it. */
export const bucketOf = (entityId: string): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < entityId.length; i++) {
    hash ^= entityId.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  // FNV's low bits mix poorly for ids that differ in one digit, so the high half is folded in.
  return ((hash ^ (hash >>> 16)) & (BUCKETS - 1)).toString(16).padStart(2, '0')
}

export const conversationStream = (tenant: string, conversationId: string): string =>
  `${tenant}.${bucketOf(conversationId)}.conversation-${conversationId}`

/** The conversation of a raw stream; `undefined` for the stream of anything else. */
export const conversationOfStream = (stream: string): string | undefined =>
  /\.[0-3][0-9a-f]\.conversation-(.+)$/s.exec(stream)?.[1]

export const userStream = (tenant: string, userId: string): string => `${tenant}.${bucketOf(userId)}.user-${userId}`

export const configStream = (tenant: string, kind: string, id: string): string => `${tenant}.config-${kind}-${id}`

export const clockStream = (tenant: string): string => `${tenant}.clock`

/**
 * The beginnings of the names of the streams that hold raw events of a tenant: its buckets, configuration and clock.
 */
export const rawPrefixes = (tenant: string): readonly string[] => [
  ...['0', '1', '2', '3'].map((digit) => `${tenant}.${digit}`),
  ...sharedPrefixes(tenant),
]

/** The names of all buckets, `00` to `3f`. */
export const allBuckets: readonly string[] = Array.from({ length: BUCKETS }, (_, index) =>
  index.toString(16).padStart(2, '0'),
)

const bucketNames: ReadonlySet<string> = new Set(allBuckets)

/** The beginnings of the names of what one owner of buckets reads: those, configuration and clock. */
export const bucketPrefixes = (tenant: string, buckets: readonly string[]): readonly string[] => [
  ...buckets.map((bucket) => `${tenant}.${bucket}.`),
  ...sharedPrefixes(tenant),
]

/** The beginnings of the names of the streams that concern every bucket: configuration and clock. */
export const sharedPrefixes = (tenant: string): readonly string[] => [configPrefix(tenant), clockStream(tenant)]

/** The beginning of the names of all streams of configuration. */
export const configPrefix = (tenant: string): string => `${tenant}.config-`

/**
 * Whether a stream holds what was received, of any tenant: raw events of conversations and users, configuration, or dead
 * letters. Clock, rows and records of operators are others.
 */
export const holdsInput = (stream: string): boolean => {
  const at = stream.indexOf('.') + 1
  if (stream.startsWith('config-', at)) return true
  return stream.charAt(at + 2) === '.' ? bucketNames.has(stream.slice(at, at + 2)) : stream.slice(at) === 'deadletter'
}

/** The bucket of a raw stream; `undefined` for configuration and clock, which concern every bucket. */
export const bucketOfStream = (tenant: string, stream: string): string | undefined => {
  const at = tenant.length + 1
  return stream.charAt(at + 2) === '.' ? stream.slice(at, at + 2) : undefined
}

/** What the points of one bucket do to the cells of a generation, for the merger. */
export const pointsStream = (tenant: string, generation: string, bucket: string): string =>
  `${pointsPrefix(tenant)}${generation}-${bucket}`

/** The beginning of the names of all streams of points. */
export const pointsPrefix = (tenant: string): string => `${tenant}.points-`

/** Input that could not be used, with the reason. */
export const deadLetterStream = (tenant: string): string => `${tenant}.deadletter`

/** Generations started and promoted. */
export const generationsStream = (tenant: string): string => `${tenant}.generations`

/**
 * How far backfills from Genesys have come, through when its notification socket was followed, its gaps, and what
 * filled them.
 */
export const genesysStream = (tenant: string): string => `${tenant}.genesys`

/** What operators did: each operation with its beginning and its end. */
export const operationsStream = (tenant: string): string => `${tenant}.operations`

/** Signed heads of the trees over the log. */
export const auditStream = (tenant: string): string => `${tenant}.audit`

/** What the leaves of erased events stated. */
export const erasedLeavesStream = (tenant: string): string => `${tenant}.audit-erased`

/** What operators decided about dead letters: which are discarded, and which were taken in after all. */
export const deadLetterDecisionsStream = (tenant: string): string => `${tenant}.deadletter-decisions`

/** Outcomes of reconciliations with figures of Genesys. */
export const reconciliationsStream = (tenant: string): string => `${tenant}.reconciliations`

/** Contracts of acceptance, and who signed them. */
export const acceptanceStream = (tenant: string): string => `${tenant}.acceptance`

/** Deliveries of feeds: what was sent, and what their receivers answered. */
export const feedsStream = (tenant: string): string => `${tenant}.feeds`

/** The streams of the control part beside the generations. No row is computed from them. */
export const recordStreams = (tenant: string): readonly string[] => [
  operationsStream(tenant),
  deadLetterDecisionsStream(tenant),
  reconciliationsStream(tenant),
  acceptanceStream(tenant),
  genesysStream(tenant),
  feedsStream(tenant),
  refusedRecordsStream(tenant),
]

/** Records that destinations refused for ever. */
export const refusedRecordsStream = (tenant: string): string => `${tenant}.refused-records`

/** How far a sink has come whose destination cannot hold that itself. */
export const egressProgressStream = (tenant: string, sink: string): string => `${egressProgressPrefix(tenant)}${sink}`

/** The beginning of the names of all streams of progress. */
export const egressProgressPrefix = (tenant: string): string => `${tenant}.egress-`

/** What a sink has published: which rows, and where they lie at the destination. */
export const publicationsStream = (tenant: string, sink: string): string => `${publicationsPrefix(tenant)}${sink}`

/** The beginning of the names of all streams of publications. */
export const publicationsPrefix = (tenant: string): string => `${tenant}.publications-`

/** Rows and checkpoints of one generation. */
export const kpiStream = (tenant: string, generation: string): string => `${tenant}.kpi-${generation}`

const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** A tenant is part of every stream name, so it may hold no dot and no capital. */
export const isTenant = (name: string): boolean => TENANT.test(name)
