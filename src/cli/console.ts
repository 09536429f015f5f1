import type { Command } from 'commander'
import { adminProblems, adminSchema, type AdminConfig } from '../app/config/admin-schema.js'
import { isLoopback } from '../app/config/runnable.js'
import { ConfigError, type Config } from '../app/config/schema.js'
import { certificatesOf } from '../app/tls/certificates.js'
import { aborted } from '../app/pipeline/aborted.js'
import { ProblemError } from '../http/admin/answers/problem.js'
import { startAdminServer } from '../http/admin/server.js'
import { printConsole } from './admin/serve.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, logsOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { summaries } from './command/summaries.js'
import { version } from './version.js'

type Flags = CommonFlags & Readonly<{ host?: string; port?: string }>

export const consoleCommand = (): Command =>
  command('console', summaries.console, [
    'streamvane console --data /var/lib/streamvane',
    'streamvane console --config streamvane.yaml --port 8090',
  ])
    .option('--host <address>', 'address to listen at (default: admin.host, else 127.0.0.1)')
    .option('--port <n>', 'port to listen at (default: a free one)')
    .addHelpText('after', '\nIt changes nothing: operations that do are refused. Ctrl-C ends it.')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const settings = settingsOf(config, flags)
      await withContext('console', config, async ({ logs, logger, signal }) => {
        // A wrong --data is told now, not by an empty page.
        await logs.raw('reader')
        const certificates = certificatesOf(config, logger, Date.now)
        const server = await startAdminServer({
          ...{ settings, isReadOnly: true, certificate: certificates.of('admin') },
          process: {
            ...{ config, logs, logger, version: version(), now: Date.now, stages: () => [] },
            rawWriter: () => Promise.reject(new ProblemError('conflict', 'this console reads only')),
            logsApart: () => logsOf(config, 'console', () => logger),
          },
        })
        printConsole(server)
        await aborted(signal)
        await server.close()
        await certificates.close()
        return EXIT.ok
      })
    })

/** Those of the admin API, at a port of its own: a running process has that of the configuration. */
const settingsOf = ({ admin }: Config, { host, port }: Flags): AdminConfig => {
  const given = admin === undefined || admin === false ? adminSchema.parse({}) : admin
  const settings = adminSchema.parse({
    ...{ ...given, port: port === undefined ? 0 : Number(port), console: { ...given.console, enabled: true } },
    ...(host !== undefined && { host }),
  })
  const [problem] = adminProblems(settings, isLoopback)
  if (problem !== undefined) throw new ConfigError(problem)
  return settings
}
