import type { Config } from '../../config/schema.js'
import type { MembershipOptions } from './membership.js'

/** What the processes of a tenant that divide the buckets meet by. */
export const membershipNamesOf = ({
  tenant,
  projector,
}: Pick<Config, 'tenant' | 'projector'>): Pick<MembershipOptions, 'controlTopic' | 'group'> => {
  const { controlTopic = `streamvane.${tenant}.buckets`, group = controlTopic } = projector.shards
  return { controlTopic, group }
}
