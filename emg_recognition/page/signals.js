// Live signals as on a patient monitor: new columns overwrite the oldest ones from left to right, so that a
// picture costs only what is new. A column is minimum and maximum of a channel, as whole steps of the device.
export default {
  template: `<canvas role="img" :aria-label="label" style="width:100%;display:block"></canvas>`,
  props: { label: String, seconds: Number, columns: Number },
  mounted() {
    this.names = [];
    this.width = this.seconds * this.columns;
    this.at = 0;
    this.range = 1;
    this.kept = [];
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(this.$el);
  },
  unmounted() { this.observer.disconnect(); },
  methods: {
    // names of the channels; per column the list [min, max] of each channel; unit of one step as text
    push(names, columns, step, unit) {
      if (names.join("\n") !== this.names.join("\n")) {
        this.names = names;
        this.kept = [];
        this.at = 0;
        this.redraw();
      }
      this.step = step;
      this.unit = unit;
      const largest = Math.max(1, ...columns.flat().map(Math.abs));
      let grown = false;
      while (largest > this.range) { this.range *= 2; grown = true; }
      const first = this.at;
      for (const column of columns) {
        this.kept[this.at] = column;
        this.at = (this.at + 1) % this.width;
      }
      if (this.at < first) this.fit();
      if (grown || this.at < first) this.redraw();
      else this.draw(first, columns.length);
      this.$el.dataset.pictures = String((Number(this.$el.dataset.pictures) || 0) + 1);
    },
    fit() {  // once a sweep: a signal that has become weak fills its lane again
      let largest = 1;
      for (const column of this.kept) if (column) for (const value of column) largest = Math.max(largest, Math.abs(value));
      this.range = 2 ** Math.ceil(Math.log2(largest));
    },
    lane() { return this.names.length > 16 ? 8 : Math.max(22, Math.floor(230 / Math.max(1, this.names.length))); },
    redraw() {
      const canvas = this.$el, scale = window.devicePixelRatio || 1;
      const wide = canvas.clientWidth, high = Math.max(60, this.names.length * this.lane() + 18);
      canvas.style.height = high + "px";
      canvas.width = Math.round(wide * scale);
      canvas.height = Math.round(high * scale);
      this.context = canvas.getContext("2d");
      this.context.scale(scale, scale);
      this.wide = wide;
      this.context.fillStyle = "#ffffff";
      this.context.fillRect(0, 0, wide, high);
      this.context.fillStyle = "#1a1f24";
      this.context.font = (this.lane() < 12 ? 8 : 12) + "px Roboto, sans-serif";
      this.names.forEach((name, i) => this.context.fillText(name, 2, (i + 0.5) * this.lane() + 4));
      if (this.names.length) {
        const size = this.range * this.step;
        this.context.font = "12px Roboto, sans-serif";
        this.context.fillText(`each lane ±${Number(size.toPrecision(2))} ${this.unit}, ${this.seconds} s`, 44, high - 4);
      }
      this.draw(0, this.width);
    },
    draw(first, count) {
      if (!this.context || !this.names.length) return;
      const lane = this.lane(), left = 44, step = (this.wide - left) / this.width;
      const high = this.names.length * lane;
      for (let i = 0; i < count; i++) {
        const place = (first + i) % this.width, column = this.kept[place], x = left + place * step;
        this.context.fillStyle = "#ffffff";
        this.context.fillRect(x, 0, step + 8, high);
        if (!column) continue;
        this.context.fillStyle = "#0b4f8a";
        for (let channel = 0; channel < this.names.length; channel++) {
          const middle = (channel + 0.5) * lane, half = lane / 2 / this.range;
          const top = middle - column[2 * channel + 1] * half, bottom = middle - column[2 * channel] * half;
          this.context.fillRect(x, top, Math.max(1, step), Math.max(1, bottom - top));
        }
      }
    },
  },
};
