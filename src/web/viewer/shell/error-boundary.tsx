/** Catches a fault of the pages themselves, a chunk that could not be fetched included, and offers a way on. */
import { Component, type ReactNode } from 'react';

type State = { failed: boolean };

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="notice">
        <h1>The projector jammed</h1>
        <p>
          This page met a fault, or a part of it could not be fetched. Nothing in the library was changed.
        </p>
        <div className="notice-actions">
          <button type="button" className="button primary" onClick={() => location.reload()}>
            Load the page again
          </button>
          <a className="button quiet" href="/">
            To the library
          </a>
        </div>
      </main>
    );
  }
}
