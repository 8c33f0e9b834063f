// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/entrypoint.h>

#include "entrypoint_life.h"

#include <aiomisc/runtime/loop/signals.h>

namespace aiomisc {

ShutdownRequested::ShutdownRequested(int signal)
    : Error(signal_name(signal) + " received"), signal_(signal) {}

ServiceSignal& Entrypoint::PRE_START() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::POST_START() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::PRE_STOP() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::POST_STOP() {
    static ServiceSignal signal;
    return signal;
}

Entrypoint::Entrypoint(EntrypointOptions options, ServiceList services)
    : life_(std::make_shared<detail::EntrypointLife>(
          *this, std::move(options), std::move(services))) {
    // After the plugins, which connect to these.
    pre_start = PRE_START().copy();
    post_start = POST_START().copy();
    pre_stop = PRE_STOP().copy();
    post_stop = POST_STOP().copy();
}

Entrypoint::~Entrypoint() {
    life_->abandon();
}

void Entrypoint::run(Task<> main) {
    life_->run(std::move(main));
}

void Entrypoint::run_forever() {
    life_->run_forever();
}

Task<> Entrypoint::start() {
    return life_->start();
}

Task<> Entrypoint::stop(std::exception_ptr reason) {
    return life_->stop(std::move(reason));
}

void Entrypoint::open() {
    life_->open();
}

void Entrypoint::close(std::exception_ptr reason) {
    life_->close(std::move(reason));
}

Task<> Entrypoint::start_services(ServiceList services) {
    return life_->start_services(std::move(services));
}

Task<> Entrypoint::stop_services(ServiceList services, std::exception_ptr reason) {
    return life_->stop_services(std::move(services), std::move(reason));
}

void Entrypoint::request_shutdown(std::exception_ptr reason) noexcept {
    life_->request_shutdown(std::move(reason));
}

ServiceList Entrypoint::services() const {
    return life_->services();
}

EventLoop& Entrypoint::loop() {
    return life_->loop();
}

Context& Entrypoint::context() const {
    return life_->context();
}

int Entrypoint::shutdown_signal() const noexcept {
    return life_->shutdown_signal();
}

Event& Entrypoint::closing_event() const noexcept {
    return life_->closing();
}

Entrypoint& Entrypoint::get_current() {
    auto* const loop = dynamic_cast<EventLoop*>(Scheduler::current_or_null());
    Entrypoint* const entrypoint = loop == nullptr ? nullptr : detail::EntrypointLife::of(*loop);
    if (entrypoint == nullptr) {
        throw InvalidStateError("no current entrypoint is set");
    }
    return *entrypoint;
}

}  // namespace aiomisc
