import type { ComponentType, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { refusalText, mayUse } from '../session/access.js'
import { useSession } from '../console.js'
import type { PageProps } from './page-props.js'
import type { PageEntry } from './pages.js'
import type { Route } from './route.js'
import { Link } from './router.js'
import { hrefOf } from './route.js'

type Loaded = Readonly<{ entry: PageEntry; Page: ComponentType<PageProps> | 'failed' }>

/** A page, loaded when it is first shown. Who comes from another page finds the focus at its heading. */
export const PageView = ({ entry, route }: Readonly<{ entry: PageEntry | undefined; route: Route }>): JSX.Element => {
  const session = useSession()
  const [loaded, setLoaded] = useState<Loaded>()
  const main = useRef<HTMLElement>(null)
  const shownFirst = useRef(entry)
  const isAllowed = entry !== undefined && mayUse(session, entry.access)
  useEffect(() => {
    document.title = entry === undefined ? 'Not found – Streamvane' : `${entry.title} – Streamvane`
    if (shownFirst.current !== entry) {
      shownFirst.current = undefined
      main.current?.focus()
    }
    if (entry === undefined || !isAllowed) return
    let isGone = false
    const set = (Page: Loaded['Page']): void => {
      if (!isGone) setLoaded({ entry, Page })
    }
    entry.load().then(
      ({ Page }) => set(Page),
      () => set('failed'),
    )
    return () => {
      isGone = true
    }
  }, [entry, isAllowed])
  return (
    <main id="main" tabIndex={-1} ref={main}>
      {content(entry, isAllowed ? undefined : session, loaded, route)}
    </main>
  )
}

const content = (
  entry: PageEntry | undefined,
  refused: ReturnType<typeof useSession> | undefined,
  loaded: Loaded | undefined,
  route: Route,
): JSX.Element => {
  if (entry === undefined)
    return (
      <>
        <h1>There is no such page</h1>
        <p>
          The address may be mistyped. <Link href={hrefOf('flow')}>Go to Flow</Link>
        </p>
      </>
    )
  if (refused !== undefined)
    return (
      <>
        <h1>{entry.title}</h1>
        <p>{refusalText(refused, entry.access)}</p>
      </>
    )
  if (loaded?.entry !== entry) return <p class="quiet loading">Loading {entry.title} …</p>
  const { Page } = loaded
  if (Page === 'failed')
    return (
      <>
        <h1>{entry.title}</h1>
        <div class="problem" role="alert">
          <p class="problem-title">This page could not be loaded</p>
          <p>The process is away, or was replaced by another version.</p>
          <button type="button" onClick={() => location.reload()}>
            Load the console again
          </button>
        </div>
      </>
    )
  return <Page route={route} />
}
