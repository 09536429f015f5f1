import type { AdminConfig } from '../../app/config/admin-schema.js'
import type { FollowedCertificate } from '../../app/tls/followed-certificate.js'
import type { AdminProcess } from '../../http/admin/operation.js'
import { addressOfWriter, publishAddress } from '../../http/admin/client/address.js'
import { ProblemError } from '../../http/admin/answers/problem.js'
import { startAdminServer, type AdminServer } from '../../http/admin/server.js'
import { operatorOf } from '../command/operator.js'
import { version } from '../version.js'

export type RunningAdmin = Readonly<{ close: () => Promise<void> }>

/**
 * Serves the admin API of a process that runs `stages`, and tells commands on this machine where. `close` ends both.
 * Throws `ConfigError` when it cannot listen.
 */
export const serveAdmin = async (
  settings: AdminConfig,
  process_: Omit<AdminProcess, 'rawWriter' | 'version'>,
  writesRaw: boolean,
  certificate?: FollowedCertificate,
): Promise<RunningAdmin> => {
  const { config, logs, logger } = process_
  const { data, tenant } = config
  const rawWriter: AdminProcess['rawWriter'] = () => {
    if (writesRaw || config.log.kind === 'eventstoredb') return logs.raw('writer')
    const writer = addressOfWriter(data, tenant)
    throw new ProblemError(
      'conflict',
      `this process does not write the raw log: call the one that runs the ingress${writer === undefined ? '' : `, at ${writer.url}`}`,
    )
  }
  const server = await startAdminServer({
    settings,
    process: { ...process_, rawWriter, version: version() },
    certificate,
  })
  const publish = (): (() => void) =>
    publishAddress(data, {
      ...{ url: server.url, token: server.localToken, pid: process.pid, tenant, writesRaw },
      ...(certificate !== undefined && { certificate: certificate.used.leaf.fingerprint256 }),
    })
  const remove = publish()
  const stop = certificate?.onRenewed(publish)
  logger.info({ url: server.url }, 'admin: listening')
  if (settings.console.enabled) printConsole(server)
  return {
    close: () => {
      stop?.()
      remove()
      return server.close()
    },
  }
}

/** The address is for who started the command, and not for the log: it signs in. */
export const printConsole = (server: AdminServer): void =>
  console.error(`console: open ${server.consoleUrl(operatorOf({}).by)} (good once, for a minute)`)
