import { readConnectionString } from '../../../log/eventstoredb/connection-string.js'
import { ifThere } from '../../../log/if-there.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** The first version whose protocol the adapter was tried with. */
const SINCE = 22

/** Whether the server answers and lets us read, and which version it is. */
export const checkEventStoreDb = async ({ config, logs }: Patient): Promise<readonly Check[]> => {
  if (config.log.kind !== 'eventstoredb') return [ok('eventstoredb', 'EventStoreDB', 'not used: the log is embedded')]
  try {
    const raw = await ifThere(() => logs.raw('reader'))
    const head = await raw?.head()
    const read = ok(
      'eventstoredb',
      'EventStoreDB',
      head === undefined ? 'reachable, and empty' : `reachable, and may be read (position ${head})`,
    )
    return [read, await versionOf(config.log.eventstoredb.connectionString)]
  } catch (cause) {
    return [
      failure('eventstoredb', 'EventStoreDB', (cause as Error).message, 'log.eventstoredb (docs/eventstoredb.md)'),
    ]
  }
}

const versionOf = async (connection: string): Promise<Check> => {
  const what = 'version of EventStoreDB'
  const { address } = readConnectionString(connection)
  const [, host = ''] = /:\/\/([^,/?]+)/.exec(address) ?? []
  const scheme = /[?&]tls=false/i.test(address) ? 'http' : 'https'
  try {
    const response = await fetch(`${scheme}://${host}/info`, { signal: AbortSignal.timeout(3_000) })
    const info = (await response.json()) as { esVersion?: string; dbVersion?: string }
    const version = info.dbVersion ?? info.esVersion
    if (version === undefined) return ok('eventstoredb', what, 'the server does not tell')
    return Number.parseInt(version, 10) < SINCE
      ? warning(
          'eventstoredb',
          what,
          `${version} is older than ${SINCE}, with which it was tried`,
          'upgrade the server',
        )
      : ok('eventstoredb', what, version)
  } catch (cause) {
    return ok('eventstoredb', what, `cannot be asked for (${(cause as Error).message})`)
  }
}
