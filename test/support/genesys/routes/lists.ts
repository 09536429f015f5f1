import type { Listed, Organisation } from '../organisation.js'
import type { Asked, Reply, Route } from '../route.js'
import { refusal } from '../route.js'

type List = keyof Pick<
  Organisation,
  'queues' | 'users' | 'skills' | 'languages' | 'wrapUpCodes' | 'divisions' | 'presences'
>

/** Entity lists (developer.genesys.cloud/routing, /useragentman, /authorization): `pageSize`, `pageNumber`, 25 a page. */
const paged = (path: string, list: List, permission: string): Route => ({
  method: 'GET',
  path,
  permissions: [permission],
  handle: (asked, { organisation }) => pageOf(asked, shown(list, organisation[list], asked)),
})

const PAGE_MAX = 500

const pageOf = ({ query, path }: Asked, entities: readonly Listed[]): Reply => {
  const pageSize = Number(query.get('pageSize') ?? 25)
  const pageNumber = Number(query.get('pageNumber') ?? 1)
  if (pageSize > PAGE_MAX) return refusal(400, 'invalid.page.size', `pageSize is at most ${PAGE_MAX}`)
  const at = (number: number): string => `${path}?pageSize=${pageSize}&pageNumber=${number}`
  const pageCount = Math.ceil(entities.length / pageSize)
  return {
    status: 200,
    body: {
      entities: entities.slice((pageNumber - 1) * pageSize, pageNumber * pageSize),
      pageSize,
      pageNumber,
      total: entities.length,
      pageCount,
      firstUri: at(1),
      lastUri: at(pageCount),
      selfUri: at(pageNumber),
      ...(pageNumber < pageCount && { nextUri: at(pageNumber + 1) }),
      ...(pageNumber > 1 && { previousUri: at(pageNumber - 1) }),
    },
  }
}

/** Users have a state; by default active ones are listed. */
const shown = (list: List, entities: readonly Listed[], { query }: Asked): readonly Listed[] => {
  if (list !== 'users') return entities
  const state = query.get('state') ?? 'active'
  return state === 'any' ? entities : entities.filter((each) => (each['state'] ?? 'active') === state)
}

/** An object by its id; deleted users are found with their state. */
const single = (path: string, list: List, permission: string): Route => ({
  method: 'GET',
  path: `${path}/{id}`,
  permissions: [permission],
  handle: ({ params }, { organisation }) => {
    const found = organisation[list].find(({ id }) => id === params['id'])
    return found === undefined ? refusal(404, 'not.found', `There is no ${params['id']}`) : { status: 200, body: found }
  },
})

/** `GET /api/v2/presence/definitions` has no pages; `deactivated` is TRUE or FALSE. */
const presences: Route = {
  method: 'GET',
  path: '/api/v2/presence/definitions',
  permissions: ['presence:presenceDefinition:view'],
  handle: ({ query }, { organisation }) => {
    const wanted = query.get('deactivated')?.toUpperCase() === 'TRUE'
    const entities = organisation.presences.filter((each) => (each['deactivated'] === true) === wanted)
    return { status: 200, body: { entities, total: entities.length, selfUri: '/api/v2/presence/definitions' } }
  },
}

const me: Route = {
  method: 'GET',
  path: '/api/v2/organizations/me',
  handle: (_, { organisation: { id, name } }) => ({ status: 200, body: { id, name, state: 'active', version: 7 } }),
}

const lists: readonly (readonly [path: string, list: List, permission: string])[] = [
  ['/api/v2/routing/queues', 'queues', 'routing:queue:view'],
  ['/api/v2/routing/skills', 'skills', 'routing:skill:view'],
  ['/api/v2/routing/languages', 'languages', 'routing:language:view'],
  ['/api/v2/routing/wrapupcodes', 'wrapUpCodes', 'routing:wrapupCode:view'],
  ['/api/v2/users', 'users', 'directory:user:view'],
  ['/api/v2/authorization/divisions', 'divisions', 'authorization:division:view'],
]

export const listRoutes: readonly Route[] = [
  ...lists.flatMap((each) => [paged(...each), single(...each)]),
  ...[presences, single('/api/v2/presence/definitions', 'presences', 'presence:presenceDefinition:view'), me],
]
