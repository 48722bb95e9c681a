import { Component } from "react";

abstract class Counting<P extends object> extends Component<P, { count: number }> {
  constructor(
    props: P,
    protected readonly first: number,
  ) {
    super(props);
    this.state = { count: this.first };
  }

  abstract get step(): number;

  add = () => this.setState(({ count }) => ({ count: count + this.step }));
}

export class Stopwatch extends Counting<{ step: number }> {
  constructor(props: { step: number }) {
    super(props, 10);
  }

  get step() {
    return this.props.step;
  }

  override componentDidMount() {
    this.add();
  }

  override render() {
    return (
      <button id="add" onClick={this.add}>
        {this.state.count}
      </button>
    );
  }
}
