import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { routeOf, type Route } from './route.js'

const MOVED = 'streamvane:moved'

const here = (): Route => routeOf(location.pathname, location.search)

/** Goes to an address of the console. `replace` leaves no step back behind: for filters that a person types. */
export const go = (href: string, { replace = false }: Readonly<{ replace?: boolean }> = {}): void => {
  if (href === `${location.pathname}${location.search}`) return
  history[replace ? 'replaceState' : 'pushState'](null, '', href)
  dispatchEvent(new Event(MOVED))
}

/** The place that the address bar shows. */
export const useRoute = (): Route => {
  const [route, setRoute] = useState(here)
  useEffect(() => {
    const onMove = (): void => setRoute(here())
    addEventListener('popstate', onMove)
    addEventListener(MOVED, onMove)
    onMove()
    return () => {
      removeEventListener('popstate', onMove)
      removeEventListener(MOVED, onMove)
    }
  }, [])
  return route
}

type LinkProps = Readonly<{ href: string; current?: boolean; class?: string; children: ComponentChildren }>

/** A link within the console. With a modifier key, or another button, the browser does as always. */
export const Link = ({ href, current = false, class: name, children }: LinkProps): JSX.Element => (
  <a
    href={href}
    class={name}
    aria-current={current ? 'page' : undefined}
    onClick={(event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
      event.preventDefault()
      go(href)
    }}
  >
    {children}
  </a>
)
