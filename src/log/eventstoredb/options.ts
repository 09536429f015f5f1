import type { SubscriptionReport } from './subscription-health.js'

/** PEM text, or its bytes. */
type Pem = string | Uint8Array

/** Where the server is and who we are. Secrets are values: whoever reads the configuration has resolved them. */
export type EventStoreDbAccess = Readonly<{
  /** `esdb://…` or `esdb+discover://…`, as the official client reads it. */
  connectionString: string
  /** Beats a name and password in the connection string. Taken over TLS only. */
  credentials?: Readonly<{ username: string; password: string }> | undefined
  /** Who we are by certificate (user certificates need a licence on the server). */
  clientCertificate?: Readonly<{ certificate: Pem; key: Pem }> | undefined
  /** The authority that signed the server's certificate, if it is none of the well-known ones. */
  tlsCaFile?: string | undefined
  /** How long a connection or an append may wait for its answer, and a read for the next message. */
  deadlineMs?: number | undefined
  /** A connection that is silent for so long is asked for a sign of life, and given up if none comes in time. */
  keepAliveMs?: number | undefined
  keepAliveTimeoutMs?: number | undefined
}>

export type EventStoreDbOptions = EventStoreDbAccess &
  Readonly<{
    /**
     * Connections that read at the same time where the prefixes asked for can be shared out among them, and the stretch
     * of log is at least so many bytes long.
     */
    readers?: number | undefined
    readersFromBytes?: number | undefined
    /** Appends, and bytes of events, that may wait for the server's answer at a time. */
    inFlightMax?: number | undefined
    inFlightBytesMax?: number | undefined
    /** Ids remembered to recognise repeats: of one stream (its newest events), and in all. */
    idsPerStream?: number | undefined
    idsMax?: number | undefined
    /** Between looks at the head while nothing comes. Bounds how late `caught-up` and checkpoints are told. */
    headPollMs?: number | undefined
    /** Between attempts to come back after a failure: doubling from the first to the last, with jitter. */
    backoffMs?: number | undefined
    backoffMaxMs?: number | undefined
    /** After so long without the server a subscription fails with `LogUnavailable`. */
    giveUpMs?: number | undefined
    /** A subscription that makes no progress for so long while the log grows is named as stalled. */
    stallMs?: number | undefined
    /** Told of each subscription's state whenever it changes, for health to show. */
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

/** What is given beats what is usual; `undefined` gives nothing. */
export const withDefaults = <D extends object>(
  defaults: D,
  given: Partial<{ [K in keyof D]: D[K] | undefined }>,
): D => {
  const chosen = Object.entries(given).filter(([key, value]) => key in defaults && value !== undefined)
  return { ...defaults, ...(Object.fromEntries(chosen) as Partial<D>) }
}
