import type { SubscriptionReport } from './read/subscription-health.js'

/** PEM text, or its bytes. */
type Pem = string | Uint8Array

/** Where the server is, and who connects. Secrets are values: the reader of the configuration has resolved them. */
export type EventStoreDbAccess = Readonly<{
  /** `esdb://…` or `esdb+discover://…`, or the same with `kurrentdb`. */
  connectionString: string
  /** Takes precedence over a name and password in the connection string. Sent over TLS only. */
  credentials?: Readonly<{ username: string; password: string }> | undefined
  /** A user certificate (the server needs a licence for these). */
  clientCertificate?: Readonly<{ certificate: Pem; key: Pem }> | undefined
  /** PEM file of the authority that signed the server's certificate, if it is not a well-known one. */
  tlsCaFile?: string | undefined
  /** How long a connection or an append may wait for its answer, and a read for the next message. */
  deadlineMs?: number | undefined
  /** A connection that is silent for this long is pinged, and dropped if no answer comes within the timeout. */
  keepAliveMs?: number | undefined
  keepAliveTimeoutMs?: number | undefined
}>

export type EventStoreDbOptions = EventStoreDbAccess &
  Readonly<{
    /**
     * Connections that read at the same time if the prefixes can be divided among them, and the length of log (in
     * bytes) from which they do.
     */
    readers?: number | undefined
    readersFromBytes?: number | undefined
    /** Appends, and bytes of events, that may wait for the server's answer at a time. */
    inFlightMax?: number | undefined
    inFlightBytesMax?: number | undefined
    /** Ids kept to recognise repeats: per stream (of its newest events), and in all. */
    idsPerStream?: number | undefined
    idsMax?: number | undefined
    /**
     * Interval between requests for the head while nothing arrives. Bounds the delay of `caught-up` and checkpoints.
     */
    headPollMs?: number | undefined
    /** Delay between attempts after a failure: doubles from the first to the second value, with jitter. */
    backoffMs?: number | undefined
    backoffMaxMs?: number | undefined
    /** After this long without the server a subscription fails with `LogUnavailable`. */
    giveUpMs?: number | undefined
    /** A subscription that makes no progress for this long while the log grows is reported as stalled. */
    stallMs?: number | undefined
    /** Called with a subscription's state whenever it changes, for health to show. */
    onSubscription?: ((report: SubscriptionReport) => void) | undefined
  }>

export const ACCESS_DEFAULTS = { deadlineMs: 10_000, keepAliveMs: 10_000, keepAliveTimeoutMs: 10_000 }

export const LOG_DEFAULTS = {
  deadlineMs: ACCESS_DEFAULTS.deadlineMs,
  readers: 1,
  readersFromBytes: 4 * 1024 * 1024,
  inFlightMax: 512,
  inFlightBytesMax: 32 * 1024 * 1024,
  idsPerStream: 20_000,
  idsMax: 400_000,
  headPollMs: 200,
  backoffMs: 100,
  backoffMaxMs: 5_000,
  giveUpMs: 60_000,
  stallMs: 30_000,
}

/** The given values, and the defaults for those that are `undefined`. */
export const withDefaults = <D extends object>(
  defaults: D,
  given: Partial<{ [K in keyof D]: D[K] | undefined }>,
): D => {
  const chosen = Object.entries(given).filter(([key, value]) => key in defaults && value !== undefined)
  return { ...defaults, ...(Object.fromEntries(chosen) as Partial<D>) }
}
