import * as E from 'fp-ts/lib/Either.js'
import type { GenesysClient } from '../../../genesys/client.js'
import { genesysFailureText } from '../../../genesys/failure.js'
import { genesysClientOf } from '../genesys/open-client.js'
import { ORGANISATION_PATH, subjects } from '../genesys/sync/subjects.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** Somebody waits for the answer. */
const PATIENCE_MS = 10_000

/** Is the client accepted, and does its role let it read each list that is synced? */
export const checkGenesys = async ({ config: { genesys } }: Patient): Promise<readonly Check[]> => {
  if (genesys === undefined) return []
  const client = genesysClientOf(genesys)
  try {
    return await connectionChecks(client)
  } finally {
    await client.close()
  }
}

const connectionChecks = async (client: GenesysClient): Promise<readonly Check[]> => {
  const { signal } = new AbortController()
  const get = (path: string, query = {}) => client.call({ method: 'GET', path, query, patienceMs: PATIENCE_MS }, signal)
  const me = await get(ORGANISATION_PATH)
  if (E.isLeft(me))
    return [
      failure(
        'genesys',
        'organisation',
        genesysFailureText(me.left),
        'streamvane config check; docs/sources/genesys.md',
      ),
    ]
  const { name, id } = (me.right.json ?? {}) as Readonly<Record<string, unknown>>
  const checks: Check[] = [ok('genesys', 'organisation', `${String(name)} (${String(id)}) at ${client.hosts.api}`)]
  const permitted: string[] = []
  for (const { what, path, permission } of subjects) {
    const answer = await get(path, { pageSize: 1 })
    if (E.isRight(answer)) permitted.push(permission)
    else if (answer.left.tag === 'NotPermitted')
      checks.push(
        warning(
          'genesys',
          what,
          genesysFailureText(answer.left),
          `give the client's role ${permission} in every division`,
        ),
      )
    else checks.push(failure('genesys', what, genesysFailureText(answer.left)))
  }
  if (permitted.length > 0) checks.push(ok('genesys', 'permissions', permitted.join(', ')))
  return checks
}
