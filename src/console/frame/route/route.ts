/** Where the console is served. The server answers every address below with the same page. */
export const BASE = '/console'

/** A place in the console: the parts of its path, and its query. */
export type Route = Readonly<{ path: readonly string[]; query: Readonly<Record<string, string>> }>

/** The place that an address names. Addresses of other applications are the start page. */
export const routeOf = (pathname: string, search = ''): Route => {
  const own = pathname === BASE || pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : ''
  return {
    path: own.split('/').filter(Boolean).map(decoded),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

/** A part of a path that is not well encoded is taken as it stands. */
const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The address of a place. Members of the query without a value are left out; the order of the others is kept. */
export const hrefOf = (
  path: readonly string[] | string,
  query: Readonly<Record<string, string | number | null | undefined>> = {},
): string => {
  const parts = typeof path === 'string' ? path.split('/').filter(Boolean) : path
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value == null || value === '' ? [] : [[name, String(value)] as [string, string]],
  )
  const search = new URLSearchParams(pairs).toString()
  return `${BASE}/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}

/** Whether a place lies at or below a path. */
export const isWithin = ({ path }: Route, parts: readonly string[]): boolean =>
  parts.every((part, place) => path[place] === part)
