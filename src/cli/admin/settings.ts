import { adminSchema, type AdminConfig } from '../../app/config/admin-schema.js'
import type { Config } from '../../app/config/schema.js'

/**
 * The settings of the admin API of a process. Where nothing is configured, the process that writes an embedded raw log
 * listens at a free port of the loopback address for the commands of its own user: otherwise they could change nothing
 * while it runs. `false` in the configuration turns that off too.
 */
export const adminSettings = ({ admin, log }: Config, writesRaw: boolean): AdminConfig | undefined => {
  if (admin !== undefined) return admin === false ? undefined : admin
  return writesRaw && log.kind === 'embedded' ? adminSchema.parse({ port: 0 }) : undefined
}
