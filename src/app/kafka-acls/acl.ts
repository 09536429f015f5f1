/** Operations of Kafka, by the names that its tools take. */
export type Operation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs' | 'IdempotentWrite'

export type ResourceType = 'topic' | 'group' | 'transactional-id' | 'cluster'

/** The name that Kafka gives the cluster as a resource. */
export const CLUSTER = 'kafka-cluster'

/** One right that a role needs. */
export type Acl = Readonly<{
  operation: Operation
  resource: ResourceType
  name: string
  /** `prefixed`: everything whose name begins with `name`. */
  pattern: 'literal' | 'prefixed'
  why: string
}>

/** A part of an installation that connects to a cluster as somebody. */
export type Role = Readonly<{
  /** As `egress kafka`: what it is, and the name of the sink or source. */
  name: string
  /** Which stages or commands connect in this role. */
  used: string
  /** Addresses of the cluster. */
  brokers: readonly string[]
  acls: readonly Acl[]
}>

/** A right to exactly this resource. */
export const right = (operation: Operation, resource: ResourceType, name: string, why: string): Acl => ({
  ...{ operation, resource, name, pattern: 'literal', why },
})

/** A right to each of these resources. */
export const rights = (
  operation: Operation,
  resource: ResourceType,
  names: Iterable<string>,
  why: string,
): readonly Acl[] => [...names].map((name) => right(operation, resource, name, why))
