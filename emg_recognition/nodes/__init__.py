"""Thin rclpy adapters: parameters, topics, timers, diagnostics; no arithmetic.

The only room that imports rclpy. Each module is one executable in ``lib/emg_recognition``.
"""
