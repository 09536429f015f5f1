import { join, relative, resolve } from 'node:path'
import type { Acl } from '../kafka-acls/acl.js'
import { kafkaRoles } from '../kafka-acls/roles.js'
import type { Config } from '../config/schema.js'
import type { AzureBlobSettings, S3Settings } from '../config/sinks/objects-schema.js'
import { isStoreSink, sinkSettings, type SinkSettings } from '../config/sinks/egress-sinks.js'

/**
 * What the configurations of two tenants share, as sentences with the setting that parts them; none: they are separated.
 * Everything that one of them may write, or in which it is known by a name, belongs to it alone. A cluster, a server and a
 * bucket may be shared.
 */
export const sharedBy = (one: Config, other: Config): readonly string[] => [
  ...(one.tenant === other.tenant ? [`both are tenant ${one.tenant}: give each a tenant of its own`] : []),
  ...sharedFolders(one, other),
  ...sharedOnKafka(one, other),
  ...pairs(one, other).flatMap(([a, b]) => [...sharedStore(a, b), ...sharedObjects(a, b)]),
]

const pairs = (one: Config, other: Config): readonly (readonly [SinkSettings, SinkSettings])[] =>
  sinkSettings(one.egress).flatMap((a) => sinkSettings(other.egress).map((b) => [a, b] as const))

const sharedFolders = (one: Config, other: Config): readonly string[] =>
  contains(one.data, other.data) || contains(other.data, one.data)
    ? [`the data folder ${resolve(one.data)}: set data`]
    : []

/** Whether a folder is, or lies in, another one. */
const contains = (outer: string, inner: string): boolean => {
  const way = relative(resolve(outer), resolve(inner))
  return way === '' || !(way === '..' || way.startsWith(join('..', '/')))
}

/** A right of one that covers something that the other has a right to. */
const sharedOnKafka = (one: Config, other: Config): readonly string[] => {
  const theirs = kafkaRoles(other)
  const found = kafkaRoles(one).flatMap((role) =>
    theirs
      .filter(({ brokers }) => brokers.some((broker) => role.brokers.includes(broker)))
      .flatMap(({ acls }) => role.acls.filter((acl) => acls.some((its) => covers(acl, its) || covers(its, acl)))),
  )
  return [...new Set(found.map(({ resource, name }) => `${resource} ${name}: set ${settingOf[resource]}`))]
}

const covers = (acl: Acl, other: Acl): boolean =>
  acl.resource === other.resource &&
  acl.resource !== 'cluster' &&
  (acl.pattern === 'prefixed'
    ? other.name.startsWith(acl.name)
    : acl.pattern === other.pattern && acl.name === other.name)

const settingOf: Readonly<Record<Acl['resource'], string>> = {
  topic: 'egress.kafka.topicPrefix, or its name',
  group: 'sources.group, or projector.shards.group',
  'transactional-id': 'egress.kafka.transactionalId',
  cluster: 'nothing',
}

/** PGlite is in a folder of one process: by default in the data folder. */
const sharedStore = (a: SinkSettings, b: SinkSettings): readonly string[] => {
  const place = storeOf(a)
  return place !== undefined && place === storeOf(b) ? [`${place}: set schema of sink ${a.name}`] : []
}

const storeOf = (sink: SinkSettings): string | undefined => {
  if (!isStoreSink(sink)) return undefined
  const { settings } = sink
  if (sink.use === 'postgresql') {
    const { schema, database, host, port } = sink.settings
    return `schema ${schema} of database ${database} on ${host}:${port}`
  }
  return 'dir' in settings && settings.dir !== undefined ? `folder ${resolve(settings.dir)}` : undefined
}

const sharedObjects = (a: SinkSettings, b: SinkSettings): readonly string[] => {
  const [one, other] = [objectsOf(a), objectsOf(b)]
  if (one === undefined || other?.store !== one.store) return []
  const [outer, inner] = [`${one.prefix}/`, `${other.prefix}/`]
  return outer.startsWith(inner) || inner.startsWith(outer)
    ? [`objects below ${one.prefix} in ${one.store}: set prefix of sink ${a.name}`]
    : []
}

const objectsOf = ({ use, settings }: SinkSettings): Readonly<{ store: string; prefix: string }> | undefined => {
  if (use === 's3') {
    const { bucket, prefix, endpoint = 'Amazon S3' } = settings as S3Settings
    return { store: `bucket ${bucket} of ${endpoint}`, prefix }
  }
  if (use !== 'azure-blob') return undefined
  const { container, prefix, endpoint = 'the account' } = settings as AzureBlobSettings
  return { store: `container ${container} of ${endpoint}`, prefix }
}
