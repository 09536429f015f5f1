import { stringify } from 'yaml'
import type { Acl, Operation, ResourceType, Role } from './acl.js'

/** A role and whom the cluster knows in it, as `User:<name>`. */
export type Granted = Readonly<{ role: Role; principal: string }>

/**
 * Whom the cluster should know in a role, if nothing else is said. The dot ends the tenant, so that no user of `acme` is
 * one of `acme-eu`.
 */
export const principalOfRole = (tenant: string, { name }: Pick<Role, 'name'>): string =>
  `User:${tenant}.${name.replaceAll(' ', '-')}`

/** The rights of a role that concern one resource, together. */
export type OnResource = Readonly<Omit<Acl, 'operation' | 'why'> & { operations: readonly Operation[]; why: string }>

export const byResource = (acls: readonly Acl[]): readonly OnResource[] => {
  const found = new Map<string, OnResource>()
  for (const { operation, why, ...on } of acls) {
    const key = `${on.resource} ${on.pattern} ${on.name}`
    const known = found.get(key)
    found.set(
      key,
      known === undefined
        ? { ...on, operations: [operation], why }
        : { ...known, operations: [...known.operations, operation], why: `${known.why}; ${why}` },
    )
  }
  return [...found.values()]
}

/** Commands of Kafka's own tool, for an administrator of the cluster; one for each resource. */
export const kafkaAclsCommands = ({ role, principal }: Granted): readonly string[] =>
  byResource(role.acls).map(({ operations, ...on }) =>
    [
      `kafka-acls.sh --bootstrap-server ${role.brokers[0] ?? '<broker>'} --command-config admin.properties --add`,
      `--allow-principal ${quoted(principal)}`,
      ...operations.map((operation) => `--operation ${operation}`),
      ...resourceFlags(on),
    ].join(' '),
  )

const resourceFlags = ({ resource, name, pattern }: Omit<OnResource, 'operations' | 'why'>): readonly string[] => [
  resource === 'cluster' ? '--cluster' : `--${resource} ${quoted(name)}`,
  ...(pattern === 'prefixed' ? ['--resource-pattern-type prefixed'] : []),
]

/** Commands of Confluent's tool, for the cluster that it is set to. */
export const confluentCommands = ({ role, principal }: Granted): readonly string[] =>
  byResource(role.acls).map(({ operations, resource, name, pattern }) =>
    [
      `confluent kafka acl create --allow --principal ${quoted(principal)}`,
      `--operations ${operations.map(kebab).join(',')}`,
      resource === 'cluster' ? '--cluster-scope' : `--${confluentResources[resource]} ${quoted(name)}`,
      ...(pattern === 'prefixed' ? ['--prefix'] : []),
    ].join(' '),
  )

const confluentResources: Readonly<Record<Exclude<ResourceType, 'cluster'>, string>> = {
  topic: 'topic',
  group: 'consumer-group',
  'transactional-id': 'transactional-id',
}

/** `DescribeConfigs` → `describe-configs` */
const kebab = (operation: Operation): string => operation.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

/** For a shell. Names of topics need no quotes; groups, ids and principals may hold anything. */
const quoted = (text: string): string =>
  /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Custom resources of Strimzi's user operator, one for each role. Throws `UnfitName` where Kubernetes takes no such name. */
export const strimziUsers = (granted: readonly Granted[]): string =>
  granted.map((each) => stringify(strimziUser(each), { lineWidth: 0 })).join('---\n')

/** The name of a principal is none that Kubernetes takes. */
export class UnfitName extends Error {
  override readonly name = 'UnfitName'
}

const strimziUser = ({ role, principal }: Granted): object => {
  const name = principal.replace(/^User:/, '')
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
    throw new UnfitName(
      `${name} cannot be the name of a KafkaUser, which has lower-case letters, digits, - and . only: name one with --role and --principal`,
    )
  return {
    apiVersion: 'kafka.strimzi.io/v1beta2',
    kind: 'KafkaUser',
    metadata: { name, labels: { 'strimzi.io/cluster': 'kafka' } },
    spec: {
      authorization: {
        type: 'simple',
        acls: byResource(role.acls).map(({ resource, name: of, pattern, operations }) => ({
          resource:
            resource === 'cluster'
              ? { type: 'cluster' }
              : {
                  type: resource === 'transactional-id' ? 'transactionalId' : resource,
                  ...{ name: of, patternType: pattern === 'prefixed' ? 'prefix' : 'literal' },
                },
          operations,
        })),
      },
    },
  }
}
