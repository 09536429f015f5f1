import type { Route } from './route.js'

/** What a page is given: where it is shown, with the parts of the address below its own. */
export type PageProps = Readonly<{ route: Route }>
