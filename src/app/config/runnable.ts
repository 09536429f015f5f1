import { accessSync, constants } from 'node:fs'
import type { FamilyName } from '../../domain/family.js'
import { ownMarkerTopics, topicNames } from '../../egress/topics.js'
import { adminProblems } from './admin-schema.js'
import { markersIn, topicsIn } from './sinks/egress-schema.js'
import { kafkaSinks } from './sinks/egress-sinks.js'
import { acceptedKeysIn, signerKeyIn } from './audit-keys.js'
import { encryptionProblems } from './log-encryption.js'
import { ConfigError, type Config } from './schema.js'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** Whether a server bound to `host` can be reached from this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/**
 * Why `streamvane run` with all stages would refuse a configuration that is valid by itself. `run` and `config check`
 * both ask here.
 */
export const runProblems = (config: Config, stages: readonly string[]): readonly string[] => [
  ...(stages.includes('ingress') ? sourceProblems(config) : []),
  ...(config.admin === undefined || config.admin === false ? [] : adminProblems(config.admin, isLoopback)),
  ...feedServerProblems(config.feeds),
  ...shardProblems(config, stages),
  ...sharedTopicProblems(config),
  ...(stages.includes('audit') ? auditProblems(config.audit) : []),
  ...encryptionProblems(config.log),
  ...(config.log.kind === 'eventstoredb' ? fileProblems(config.log.eventstoredb) : []),
]

/** Throws `ConfigError` with all of `runProblems`. */
export const assertRunnable = (config: Config, stages: readonly string[]): void => {
  const problems = runProblems(config, stages)
  if (problems.length > 0) throw new ConfigError(`the configuration cannot be run:\n  ${problems.join('\n  ')}`)
}

/** Without a token nobody can fetch a feed. */
const feedServerProblems = ({ server }: Config['feeds']): readonly string[] =>
  server === undefined || isLoopback(server.host) || server.tokens.length > 0
    ? []
    : [
        `feeds.server.tokens: feeds would be served on ${server.host} to nobody: make a token with \`streamvane feeds token\`, or bind it to 127.0.0.1`,
      ]

/** The stages points and merge do together what the stage projector does alone. */
const shardProblems = ({ log, egress }: Config, stages: readonly string[]): readonly string[] => {
  const named = stages.filter((stage) => stage === 'points' || stage === 'merge')
  if (named.length === 0) return []
  return [
    ...(log.kind === 'eventstoredb'
      ? []
      : [
          'log.kind: the stages points and merge need a log that several processes write: set log.kind: eventstoredb, or run the stage projector',
        ]),
    ...(named.includes('points') && egress.kafka.brokers.length === 0
      ? [
          'egress.kafka.brokers: the processes of the stage points divide the buckets by a consumer group of Kafka: name a broker (KAFKA_BROKERS or egress.kafka.brokers)',
        ]
      : []),
    ...(stages.includes('projector')
      ? [`--only: the stage projector does what ${named.join(' and ')} do: run one or the other`]
      : []),
  ]
}

/** Two sinks that publish the same rows or markers to one topic: its consumers would get each revision twice. */
const sharedTopicProblems = ({ egress, profile }: Config): readonly string[] => {
  const sinks = kafkaSinks(egress)
  return sinks.flatMap((sink, index) =>
    sinks.slice(0, index).flatMap((other) => {
      if (!sink.settings.brokers.some((broker) => other.settings.brokers.includes(broker))) return []
      if (!common(sink.filter.granularities, other.filter.granularities)) return []
      const families = profile.families.filter((family) =>
        [sink, other].every(({ filter }) => filter.families?.includes(family) ?? true),
      )
      const sharedBy = (names: (of: typeof sink, family: FamilyName) => readonly string[]): readonly string[] => [
        ...new Set(
          families.flatMap((family) => names(sink, family).filter((name) => names(other, family).includes(name))),
        ),
      ]
      return [
        ...sharedBy(({ settings }, family) => topicNames(topicsIn(settings), [family])).map(
          (name) =>
            `egress.sinks: ${other.name} and ${sink.name} publish the same rows to ${name}: give them topics of their own, or families or granularities that differ`,
        ),
        ...sharedBy(({ settings }) => ownMarkerTopics(markersIn(settings))).map(
          (name) =>
            `egress.sinks: ${other.name} and ${sink.name} publish markers of the same intervals to ${name}: give each a markersTopic of its own, or families or granularities that differ`,
        ),
      ]
    }),
  )
}

const common = <A>(some: readonly A[] | undefined, others: readonly A[] | undefined): boolean =>
  some === undefined || others === undefined || some.some((each) => others.includes(each))

const sourceProblems = ({ ingress, sources }: Config): readonly string[] =>
  ingress.enabled
    ? ingressProblems(ingress)
    : sources.length > 0
      ? []
      : ['ingress.enabled: nothing would take events in: set it to true, or add an entry to sources']

/** The ingress takes events from other machines only if they have a token. */
export const ingressProblems = ({ host, token }: Readonly<{ host: string; token?: unknown }>): readonly string[] =>
  token !== undefined || isLoopback(host)
    ? []
    : [
        `ingress.token: the ingress would listen on ${host} without a token: set ingress.token (STREAMVANE_INGRESS__TOKEN), or bind it to 127.0.0.1`,
      ]

/** The stage audit has to have a key that signs. */
const auditProblems = (settings: Config['audit']): readonly string[] => {
  if (settings.key === undefined)
    return ['audit.key: the stage audit needs a key that signs (streamvane audit keygen makes one)']
  try {
    acceptedKeysIn(settings, signerKeyIn(settings, process.env))
    return []
  } catch (cause) {
    if (cause instanceof ConfigError) return [cause.message]
    throw cause
  }
}

const fileProblems = (settings: Config['log']['eventstoredb']): readonly string[] =>
  (['tlsCaFile', 'clientCertificateFile'] as const).flatMap((key) => {
    const file = settings[key]
    if (file === undefined) return []
    try {
      accessSync(file, constants.R_OK)
      return []
    } catch (cause) {
      return [`log.eventstoredb.${key}: ${(cause as Error).message}`]
    }
  })
