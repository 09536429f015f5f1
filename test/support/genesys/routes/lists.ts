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

/** `GET /api/v2/presence/definitions` has no pages. */
const presences: Route = {
  method: 'GET',
  path: '/api/v2/presence/definitions',
  permissions: ['presence:presenceDefinition:view'],
  handle: ({ query }, { organisation }) => {
    const deactivated = query.get('deactivated') ?? 'false'
    const entities = organisation.presences.filter(
      (each) => deactivated === 'any' || (each['deactivated'] === true) === (deactivated === 'true'),
    )
    return { status: 200, body: { entities, total: entities.length, selfUri: '/api/v2/presence/definitions' } }
  },
}

export const listRoutes: readonly Route[] = [
  paged('/api/v2/routing/queues', 'queues', 'routing:queue:view'),
  paged('/api/v2/routing/skills', 'skills', 'routing:skill:view'),
  paged('/api/v2/routing/languages', 'languages', 'routing:language:view'),
  paged('/api/v2/routing/wrapupcodes', 'wrapUpCodes', 'routing:wrapupCode:view'),
  paged('/api/v2/users', 'users', 'directory:user:view'),
  paged('/api/v2/authorization/divisions', 'divisions', 'authorization:division:view'),
  presences,
]
