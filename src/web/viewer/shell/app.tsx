/** The routes, and around all but the watch page the shell that they share. */
import { lazy, Suspense } from 'react';
import { Route, Router, Switch, useLocation } from 'wouter';
import { LibraryPage } from '../library/library-page.tsx';
import { TitlePage } from '../title/title-page.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { aroundNavigation, useFocusOnNavigation } from './navigation.ts';
import { NotFoundPage } from './not-found-page.tsx';
import { Shell } from './shell.tsx';
import { useLeaveWarning } from './use-leave-warning.ts';

const WatchPage = lazy(() =>
  import('../watch/watch-page.tsx').then((module) => ({ default: module.WatchPage })),
);

/** Pages of operators, which viewers need not load. */
const JobsPage = lazy(() => import('../jobs/jobs-page.tsx').then((module) => ({ default: module.JobsPage })));
const JobPage = lazy(() => import('../jobs/job-page.tsx').then((module) => ({ default: module.JobPage })));

export function App() {
  useLeaveWarning();
  return (
    <ErrorBoundary>
      <Router aroundNav={aroundNavigation}>
        <Pages />
      </Router>
    </ErrorBoundary>
  );
}

function Pages() {
  const [path] = useLocation();
  useFocusOnNavigation(path);
  return (
    <Switch>
      <Route path="/watch/:id">
        {({ id }) => (
          <Suspense fallback={<div className="theater black-screen" />}>
            <WatchPage titleId={id} key={id} />
          </Suspense>
        )}
      </Route>
      <Route>
        <Shell>
          <Switch>
            <Route path="/">
              <LibraryPage />
            </Route>
            <Route path="/title/:id">{({ id }) => <TitlePage titleId={id} key={id} />}</Route>
            <Route path="/jobs">
              <Suspense fallback={null}>
                <JobsPage />
              </Suspense>
            </Route>
            <Route path="/jobs/:id">
              {({ id }) => (
                <Suspense fallback={null}>
                  <JobPage jobId={id} key={id} />
                </Suspense>
              )}
            </Route>
            <Route>
              <NotFoundPage />
            </Route>
          </Switch>
        </Shell>
      </Route>
    </Switch>
  );
}
