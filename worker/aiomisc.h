// SPDX-License-Identifier: MIT
#pragma once

/// The door for users: everything of the library that a program needs. Inside the library, headers
/// are included one by one.

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/app/run.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/app/signal.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/required.h>
#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/di/dependency_store.h>
#include <aiomisc/runtime/di/injectable.h>
#include <aiomisc/runtime/di/injected.h>
#include <aiomisc/runtime/di/resource.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/child.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/loop/loop_ref.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/services/sd_watchdog_service.h>
#include <aiomisc/runtime/sync/condition.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/sync/queue.h>
#include <aiomisc/runtime/sync/semaphore.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/current_task.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_group.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/runtime/task/wait.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/runtime/thread/channel.h>
#include <aiomisc/runtime/thread/default_executor.h>
#include <aiomisc/runtime/thread/iterator_wrapper.h>
#include <aiomisc/runtime/thread/new_thread.h>
#include <aiomisc/runtime/thread/sync_await.h>
#include <aiomisc/runtime/thread/thread_errors.h>
#include <aiomisc/runtime/thread/thread_pool.h>
#include <aiomisc/runtime/thread/threaded.h>
#include <aiomisc/runtime/thread/threaded_iterable.h>
#include <aiomisc/worker/call/this_task.h>
#include <aiomisc/worker/command/command_group.h>
#include <aiomisc/worker/pool/worker_pool.h>
